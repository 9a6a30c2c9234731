#pragma once

#include <array>

#include "graph/op_support.h"

namespace fovea {

enum class ReduceKind : std::uint8_t { kMean, kSum, kMax };
inline constexpr std::array<std::string_view, 3> kReduceKindNames = {"mean", "sum", "max"};
constexpr std::span<const std::string_view> enum_names(ReduceKind) { return kReduceKindNames; }

struct Reduce {
  ReduceKind kind = ReduceKind::kMean;
  std::vector<std::int64_t> axes;  ///< ≥ 0; all axes when empty
  bool keep_dims = true;
  bool operator==(const Reduce&) const = default;
};

template <typename Visitor>
void visit_attributes(Reduce& op, Visitor&& visit) {
  visit("kind", op.kind);
  visit("axes", op.axes);
  visit("keep_dims", op.keep_dims);
}

FOVEA_OP(Reduce, "reduce")

}  // namespace fovea
