#pragma once

#include "graph/op_support.h"

namespace fovea {

struct Cast {
  DType to = DType::kF32;
  bool operator==(const Cast&) const = default;
};

FOVEA_OP(Cast, "cast")

}  // namespace fovea
