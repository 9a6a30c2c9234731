#pragma once

#include <array>

#include "graph/op_support.h"

namespace fovea {

enum class PoolKind : std::uint8_t { kMax, kAverage };

/// Window pooling over the last two axes of [n,c,h,w]. ONNX MaxPool, AveragePool.
struct Pool {
  PoolKind kind = PoolKind::kMax;
  std::array<int, 2> kernel = {1, 1};
  std::array<int, 2> strides = {1, 1};
  std::array<int, 4> pads = {0, 0, 0, 0};  ///< top, left, bottom, right
  std::array<int, 2> dilations = {1, 1};
  bool ceil_mode = false;
  bool count_include_pad = false;
  bool operator==(const Pool&) const = default;
};

FOVEA_OP(Pool, "pool")

}  // namespace fovea
