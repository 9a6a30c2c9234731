#pragma once

#include <array>

#include "graph/op_support.h"

namespace fovea {

enum class PoolKind : std::uint8_t { kMax, kAverage };
inline constexpr std::array<std::string_view, 2> kPoolKindNames = {"max", "average"};
constexpr std::span<const std::string_view> enum_names(PoolKind) { return kPoolKindNames; }

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

template <typename Visitor>
void visit_attributes(Pool& op, Visitor&& visit) {
  visit("kind", op.kind);
  visit("kernel", op.kernel);
  visit("strides", op.strides);
  visit("pads", op.pads);
  visit("dilations", op.dilations);
  visit("ceil_mode", op.ceil_mode);
  visit("count_include_pad", op.count_include_pad);
}

FOVEA_OP(Pool, "pool")

}  // namespace fovea
