#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/file.h"

namespace fovea::cpu {

/// Packed constants of one step: a key (what they were packed for) and sections, each 64-byte aligned from the start.
/// Layout: "FVP1", u32 sections, u32 bytes of key, u32 0, per section u64 offset and u64 bytes, the key, the sections.
class BlobWriter {
 public:
  explicit BlobWriter(std::string key) : key_(std::move(key)) {}
  /// Room for `bytes` zero bytes as the next section; the span is valid until the next call.
  std::span<std::byte> add(std::size_t bytes);
  void add(std::span<const std::byte> bytes);
  template <typename T>
  void add(const std::vector<T>& values) {
    add(std::as_bytes(std::span(values)));
  }
  Bytes finish() const;

 private:
  std::string key_;
  std::vector<Bytes> sections_;
};

/// Reads what BlobWriter wrote, trusting nothing: kCorruptFile naming the node for anything that does not fit.
class BlobReader {
 public:
  BlobReader(std::span<const std::byte> bytes, std::string_view node);
  std::string_view key() const { return key_; }
  std::size_t sections() const { return sections_.size(); }
  std::span<const std::byte> section(std::size_t i) const;  ///< of any size
  /// Section `i`, which must hold exactly `bytes`.
  std::span<const std::byte> section(std::size_t i, std::size_t bytes) const;
  template <typename T>
  std::span<const T> section_of(std::size_t i, std::size_t count) const {
    const auto found = section(i, count * sizeof(T));
    return {reinterpret_cast<const T*>(found.data()), count};
  }

 private:
  std::string_view node_, key_;
  std::vector<std::span<const std::byte>> sections_;
};

}  // namespace fovea::cpu
