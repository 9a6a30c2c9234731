#pragma once

#include <cstdint>
#include <span>

#include "base/io/hash.h"
#include "engine/format.h"

namespace fovea::engine_format {

inline std::uint64_t peek(std::span<const std::byte> file, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(file[at + i]);
  return value;
}

inline void poke(std::span<std::byte> file, std::size_t at, std::size_t bytes, std::uint64_t value) {
  for (std::size_t i = 0; i < bytes; ++i) file[at + i] = static_cast<std::byte>(value >> (8 * i));
}

/// Puts the checksums of a damaged file right, so that fuzzing gets past them: only fuzzers and tests include this.
inline void restore_checksums(std::span<std::byte> file) {
  if (file.size() < kHeaderBytes) return;
  const std::uint64_t sections = peek(file, 12, 4);
  if (sections > kMaxSections || file.size() < kHeaderBytes + sections * kSectionBytes) return;
  for (std::size_t i = 0; i < sections; ++i) {
    const std::size_t entry = kHeaderBytes + i * kSectionBytes;
    const std::uint64_t offset = peek(file, entry + 8, 8), size = peek(file, entry + 16, 8);
    if (offset > file.size() || size > file.size() - offset) continue;
    poke(file, entry + 4, 4, crc32(file.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size))));
  }
  poke(file, 16, 8, file.size());
  poke(file, 24, 4, crc32(file.subspan(kHeaderBytes, static_cast<std::size_t>(sections) * kSectionBytes)));
}

}  // namespace fovea::engine_format
