#include "engine/sections.h"

#include <algorithm>

#include "base/io/hash.h"
#include "engine/format.h"

namespace fovea::engine_format {
namespace {

const SectionKind* kind_of(std::uint32_t id) {
  const auto* const found = std::find_if(kSections.begin(), kSections.end(), [&](const auto& s) { return s.id == id; });
  return found == kSections.end() ? nullptr : found;
}

/// Order and extents: sections stand in the order of kSections, each once, without overlap, inside the file.
void check_extents(std::span<const Section> sections, std::uint64_t file_bytes) {
  std::uint64_t end = kHeaderBytes + sections.size() * kSectionBytes;
  const SectionKind* before = nullptr;
  for (const Section& section : sections) {
    const SectionKind* kind = kind_of(section.id);
    require(kind != nullptr, ErrorKind::kCorruptFile, "[engine] unknown section {:08x}", section.id);
    require(before == nullptr || before < kind, ErrorKind::kCorruptFile, "[engine] section {} is out of order",
            kind->name);
    require(section.offset % kAlignment == 0 && section.offset >= end && section.offset <= file_bytes &&
                section.size <= file_bytes - section.offset,
            ErrorKind::kCorruptFile, "[engine] section {} ({} bytes at {}) does not fit the file of {} bytes",
            kind->name, section.size, section.offset, file_bytes);
    end = section.offset + section.size;
    before = kind;
  }
  for (const SectionKind& kind : kSections)
    require(!kind.required || find_section(sections, kind.id) != nullptr, ErrorKind::kCorruptFile,
            "[engine] section {} is missing", kind.name);
}

}  // namespace

std::vector<Section> parse_sections(std::span<const std::byte> head, std::uint64_t file_bytes) {
  static_assert(kHeadBytes == kHeaderBytes + kMaxSections * kSectionBytes);
  require(head.size() >= kHeaderBytes && as_text(head.first(kMagic.size())) == kMagic, ErrorKind::kCorruptFile,
          "[engine] not an engine file (wrong magic)");
  ByteReader header(head.subspan(kMagic.size()), "header");
  const auto version = header.number<std::uint32_t>();
  require(version == kVersion, ErrorKind::kUnsupported,
          "[engine] format version {} (this program reads {}): build the engine again", version, kVersion);
  const std::size_t n = header.number<std::uint32_t>();
  const auto recorded_bytes = header.number<std::uint64_t>();
  const auto crc = header.number<std::uint32_t>();
  const auto reserved = header.number<std::uint32_t>();
  require(recorded_bytes == file_bytes, ErrorKind::kCorruptFile, "[engine] {} bytes, its header says {}: truncated?",
          file_bytes, recorded_bytes);
  require(n <= kMaxSections && head.size() >= kHeaderBytes + n * kSectionBytes && reserved == 0,
          ErrorKind::kCorruptFile, "[engine] header does not make sense ({} sections)", n);
  const std::span<const std::byte> table = head.subspan(kHeaderBytes, n * kSectionBytes);
  require(crc32(table) == crc, ErrorKind::kCorruptFile, "[engine] checksum of the section table is wrong");
  ByteReader reader(table, "section table");
  std::vector<Section> sections(n);
  for (Section& section : sections) {
    section.id = reader.number<std::uint32_t>();
    section.crc = reader.number<std::uint32_t>();
    section.offset = reader.number<std::uint64_t>();
    section.size = reader.number<std::uint64_t>();
  }
  check_extents(sections, file_bytes);
  return sections;
}

const Section* find_section(std::span<const Section> sections, std::uint32_t id) {
  for (const Section& section : sections)
    if (section.id == id) return &section;
  return nullptr;
}

void check_section(const Section& section, std::span<const std::byte> contents) {
  require(crc32(contents) == section.crc, ErrorKind::kCorruptFile, "[engine] checksum of section {} is wrong",
          kind_of(section.id)->name);
}

void write_compiled(ByteWriter& out, std::span<const Compiled> compiled) {
  out.count(compiled.size());
  for (const Compiled& one : compiled) {
    out.text(one.key);
    out.number(static_cast<std::uint64_t>(one.bytes.size()));
    out.raw(one.bytes);
  }
}

std::vector<Compiled> read_compiled(ByteReader& in) {
  std::vector<Compiled> compiled(in.count(sizeof(std::uint32_t) + sizeof(std::uint64_t)));
  for (std::size_t i = 0; i < compiled.size(); ++i) {
    compiled[i].key = in.text();
    require(i == 0 || compiled[i - 1].key < compiled[i].key, ErrorKind::kCorruptFile,
            "[engine] compiled: {} is out of order", compiled[i].key);
    const std::span<const std::byte> bytes = in.take(in.number<std::uint64_t>());
    compiled[i].bytes.assign(bytes.begin(), bytes.end());
  }
  return compiled;
}

Bytes assemble(std::span<const std::pair<std::uint32_t, Bytes>> contents) {
  ByteWriter table;
  std::uint64_t offset = align_up(kHeaderBytes + contents.size() * kSectionBytes);
  std::uint64_t end = offset;
  for (const auto& [id, bytes] : contents) {
    table.number(id);
    table.number(crc32(bytes));
    table.number(offset);
    table.number(static_cast<std::uint64_t>(bytes.size()));
    end = offset + bytes.size();
    offset = align_up(end);
  }
  const Bytes table_bytes = table.take();
  ByteWriter file;
  file.raw(as_bytes(kMagic));
  file.number(kVersion);
  file.count(contents.size());
  file.number(end);
  file.number(crc32(table_bytes));
  file.number(std::uint32_t{0});
  file.raw(table_bytes);
  for (const auto& [id, bytes] : contents) {
    file.pad();
    file.raw(bytes);
  }
  return file.take();
}

}  // namespace fovea::engine_format
