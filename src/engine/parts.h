#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backend/api/view.h"

namespace fovea {

/// Where parts lie in a whole that is one piece of memory: for concat, each input's byte offset in the output; for
/// slice, the output's byte offset in the first input. Nothing where a part is not one run of bytes of the whole (other
/// values stand between its rows, or a block of channels is shared), where types differ, or where an offset is no
/// multiple of 64; nothing for other ops.
std::optional<std::vector<std::uint64_t>> part_offsets(const NodeView& view);

}  // namespace fovea
