#include "quantize/precision.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace fovea {
namespace {

constexpr std::array<std::string_view, 8> kNames = {"auto", "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "mixed"};

}  // namespace

std::string_view name(Precision precision) { return kNames.at(static_cast<std::size_t>(precision)); }

Precision precision_from_name(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name);
  require(found != kNames.end() && name != "mixed", ErrorKind::kInvalidArgument,
          "unknown precision \"{}\", expected auto, fp32, tf32, bf16, fp16, fp8 or int8", name);
  return static_cast<Precision>(found - kNames.begin());
}

}  // namespace fovea
