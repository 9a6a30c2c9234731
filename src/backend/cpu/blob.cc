#include "backend/cpu/blob.h"

#include <array>
#include <cstring>

#include "base/error.h"

namespace fovea::cpu {
namespace {

constexpr std::array<char, 4> kMagic = {'F', 'V', 'P', '1'};
constexpr std::size_t kHeader = 16, kEntry = 16, kAlign = 64, kMostSections = 64, kMostKey = 4096;

std::size_t aligned(std::size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

template <typename T>
void put(Bytes& out, std::size_t at, T value) {
  std::memcpy(out.data() + at, &value, sizeof(T));
}

template <typename T>
T get(std::span<const std::byte> in, std::size_t at) {
  T value;
  std::memcpy(&value, in.data() + at, sizeof(T));
  return value;
}

}  // namespace

std::span<std::byte> BlobWriter::add(std::size_t bytes) { return sections_.emplace_back(bytes); }

void BlobWriter::add(std::span<const std::byte> bytes) { sections_.emplace_back(bytes.begin(), bytes.end()); }

Bytes BlobWriter::finish() const {
  std::size_t size = aligned(kHeader + sections_.size() * kEntry + key_.size());
  std::vector<std::size_t> offsets;
  for (const Bytes& section : sections_) {
    offsets.push_back(size);
    size += aligned(section.size());
  }
  Bytes out(size);
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  put(out, 4, static_cast<std::uint32_t>(sections_.size()));
  put(out, 8, static_cast<std::uint32_t>(key_.size()));
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    put(out, kHeader + i * kEntry, std::uint64_t{offsets[i]});
    put(out, kHeader + i * kEntry + 8, std::uint64_t{sections_[i].size()});
    if (!sections_[i].empty()) std::memcpy(out.data() + offsets[i], sections_[i].data(), sections_[i].size());
  }
  std::memcpy(out.data() + kHeader + sections_.size() * kEntry, key_.data(), key_.size());
  return out;
}

BlobReader::BlobReader(std::span<const std::byte> bytes, std::string_view node) : node_(node) {
  const auto check = [&](bool good, const char* what) {
    require(good, ErrorKind::kCorruptFile, "[{}] packed weights: {}", node, what);
  };
  check(bytes.size() >= kHeader && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0, "no header");
  const auto count = get<std::uint32_t>(bytes, 4), key_bytes = get<std::uint32_t>(bytes, 8);
  check(count <= kMostSections && key_bytes <= kMostKey, "too many sections");
  const std::size_t head = kHeader + count * kEntry + key_bytes;
  check(head <= bytes.size(), "header cut off");
  key_ = as_text(bytes.subspan(kHeader + count * kEntry, key_bytes));
  for (std::size_t i = 0; i < count; ++i) {
    const auto offset = get<std::uint64_t>(bytes, kHeader + i * kEntry);
    const auto size = get<std::uint64_t>(bytes, kHeader + i * kEntry + 8);
    check(offset % kAlign == 0 && offset >= head && offset <= bytes.size() && size <= bytes.size() - offset,
          "section outside");
    sections_.push_back(bytes.subspan(offset, size));
  }
}

std::span<const std::byte> BlobReader::section(std::size_t i) const {
  require(i < sections_.size(), ErrorKind::kCorruptFile, "[{}] packed weights: no section {}", node_, i);
  return sections_[i];
}

std::span<const std::byte> BlobReader::section(std::size_t i, std::size_t bytes) const {
  require(i < sections_.size() && sections_[i].size() == bytes, ErrorKind::kCorruptFile,
          "[{}] packed weights: section {} has {} bytes, expected {}", node_, i,
          i < sections_.size() ? sections_[i].size() : 0, bytes);
  return sections_[i];
}

}  // namespace fovea::cpu
