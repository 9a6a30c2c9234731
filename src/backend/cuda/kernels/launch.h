#pragma once

#include <cstdint>

namespace fovea::cuda {

/// Blocks for so many items, one per thread (or per `each` of them), as a grid's size.
constexpr unsigned blocks_for(std::int64_t items, std::int64_t each) {
  return static_cast<unsigned>((items + each - 1) / each);
}

}  // namespace fovea::cuda
