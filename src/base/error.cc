#include "base/error.h"

#include <array>

namespace fovea {

std::string_view name(ErrorKind kind) {
  constexpr std::array<std::string_view, 11> kNames = {
      "invalid argument", "not found", "unsupported", "corrupt file", "wrong device", "out of memory",
      "device",           "cancelled", "gate failed", "internal",     "usage"};
  return kNames.at(static_cast<std::size_t>(kind));
}

}  // namespace fovea
