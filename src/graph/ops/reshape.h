#pragma once

#include "graph/op_support.h"

namespace fovea {

/// 0 copies the input's dimension at that place (so the batch passes through), one −1 takes what is left.
struct Reshape {
  std::vector<std::int64_t> dims;
  bool operator==(const Reshape&) const = default;
};

FOVEA_OP(Reshape, "reshape")

}  // namespace fovea
