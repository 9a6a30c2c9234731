#pragma once

#include <array>

#include "graph/op_support.h"

namespace fovea {

enum class BinaryKind : std::uint8_t { kAdd, kSub, kMul, kDiv, kMax, kMin, kPow };
inline constexpr std::array<std::string_view, 7> kBinaryKindNames = {"add", "sub", "mul", "div", "max", "min", "pow"};
constexpr std::span<const std::string_view> enum_names(BinaryKind) { return kBinaryKindNames; }

/// y = act(a ∘ b) with numpy broadcasting.
struct Binary {
  BinaryKind kind = BinaryKind::kAdd;
  Activation act;
  bool operator==(const Binary&) const = default;
};

template <typename Visitor>
void visit_attributes(Binary& op, Visitor&& visit) {
  visit("kind", op.kind);
  visit("act", op.act);
}

FOVEA_OP(Binary, "binary")

}  // namespace fovea
