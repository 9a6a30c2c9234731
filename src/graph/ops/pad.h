#pragma once

#include <array>

#include "graph/op_support.h"

namespace fovea {

enum class PadMode : std::uint8_t { kConstant, kReflect, kEdge, kWrap };
inline constexpr std::array<std::string_view, 4> kPadModeNames = {"constant", "reflect", "edge", "wrap"};
constexpr std::span<const std::string_view> enum_names(PadMode) { return kPadModeNames; }

struct Pad {
  std::vector<std::int64_t> before, after;  ///< per axis; negative crops
  PadMode mode = PadMode::kConstant;
  float value = 0;
  bool operator==(const Pad&) const = default;
};

template <typename Visitor>
void visit_attributes(Pad& op, Visitor&& visit) {
  visit("before", op.before);
  visit("after", op.after);
  visit("mode", op.mode);
  visit("value", op.value);
}

FOVEA_OP(Pad, "pad")

}  // namespace fovea
