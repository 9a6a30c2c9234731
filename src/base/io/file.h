#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {

using Bytes = std::vector<std::byte>;

inline std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Whole file into memory. kNotFound when it cannot be opened, kInvalidArgument when it is larger than `max_bytes`.
/// A directory or a device is refused, and the size is checked before anything is allocated.
Bytes read_file(const std::filesystem::path& path, std::uint64_t max_bytes = std::uint64_t{1} << 36);
std::string read_text(const std::filesystem::path& path, std::uint64_t max_bytes = std::uint64_t{1} << 28);

/// Replaces `path` as a whole or not at all: temporary name beside it, fsync, rename. Missing parent folders are made.
/// kInvalidArgument (with the reason of the system) when it cannot be written; the temporary file is removed.
void write_atomic(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_atomic(const std::filesystem::path& path, std::string_view text);

}  // namespace fovea
