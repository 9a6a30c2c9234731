#pragma once

#include "graph/op_support.h"

namespace fovea {

enum class PadMode : std::uint8_t { kConstant, kReflect, kEdge, kWrap };

struct Pad {
  std::vector<std::int64_t> before, after;  ///< per axis; negative crops
  PadMode mode = PadMode::kConstant;
  float value = 0;
  bool operator==(const Pad&) const = default;
};

FOVEA_OP(Pad, "pad")

}  // namespace fovea
