#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "backend/api/device.h"
#include "base/io/file.h"
#include "engine/format.h"

namespace fovea::engine_format {

struct Section {
  std::uint32_t id = 0;
  std::uint32_t crc = 0;
  std::uint64_t offset = 0;  ///< from the file's start, a multiple of 64
  std::uint64_t size = 0;
};

/// Bytes that hold any file's header and section table.
inline constexpr std::size_t kHeadBytes = 32 + 32 * 24;

/// `head`: the first min(kHeadBytes, file) bytes. Checks magic, version (kUnsupported), the table's checksum, ids,
/// order and extents (kCorruptFile).
std::vector<Section> parse_sections(std::span<const std::byte> head, std::uint64_t file_bytes);
/// Null when an optional section is absent.
const Section* find_section(std::span<const Section> sections, std::uint32_t id);
/// kCorruptFile when the checksum of a section's contents is wrong.
void check_section(const Section& section, std::span<const std::byte> contents);

/// The whole file from its sections' contents, in the order given.
/// The contents of the section COMP, in order of keys.
void write_compiled(ByteWriter& out, std::span<const Compiled> compiled);
std::vector<Compiled> read_compiled(ByteReader& in);

Bytes assemble(std::span<const std::pair<std::uint32_t, Bytes>> contents);

}  // namespace fovea::engine_format
