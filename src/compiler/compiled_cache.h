#pragma once

#include <filesystem>

#include "backend/api/device.h"

namespace fovea {

/// What a device's libraries compiled, in a file beside a timing cache (its path and ".compiled"), so that a build with
/// that cache compiles nothing again and makes the same engine. Nothing is read where it is missing, damaged (a
/// warning) or another device's, and nothing written where libraries compile nothing.
void adopt_compiled(const std::filesystem::path& timing_cache, Device& device);
void save_compiled(const std::filesystem::path& timing_cache, const Device& device);

}  // namespace fovea
