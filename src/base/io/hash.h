#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace fovea {

/// CRC-32 (ISO 3309, as in zlib and PNG): guards the sections of a file against accidents.
std::uint32_t crc32(std::span<const std::byte> bytes);

/// 64 and 128 bits of XXH3: names content (images of a split, weights stored once, keys of caches). Not cryptographic.
std::uint64_t hash64(std::span<const std::byte> bytes, std::uint64_t seed = 0);
std::string content_hash(std::span<const std::byte> bytes);  ///< 32 hexadecimal digits

}  // namespace fovea
