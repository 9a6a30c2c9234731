#pragma once

#include "graph/op_support.h"

namespace fovea {

enum class ReduceKind : std::uint8_t { kMean, kSum, kMax };

struct Reduce {
  ReduceKind kind = ReduceKind::kMean;
  std::vector<std::int64_t> axes;  ///< ≥ 0; all axes when empty
  bool keep_dims = true;
  bool operator==(const Reduce&) const = default;
};

FOVEA_OP(Reduce, "reduce")

}  // namespace fovea
