#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/io/file.h"

namespace fovea {

/// Packed weights: immutable byte strings, each 64-byte aligned, used in place by steps. Copies share the memory, which
/// may also be a part of one larger allocation (a file read or mapped as a whole). Concurrent reads are safe.
class Blobs {
 public:
  Blobs() = default;
  Blobs(
      const std::vector<Bytes>& contents);  // NOLINT(google-explicit-constructor): what a compiler returns becomes this
  void push_back(std::span<const std::byte> content);  ///< copied into aligned memory
  /// Shares `bytes`, which `keep` keeps alive and whose start is a multiple of 64.
  void share(std::span<const std::byte> bytes, std::shared_ptr<const void> keep);

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  std::span<const std::byte> operator[](std::size_t i) const { return entries_[i].bytes; }
  std::size_t total_bytes() const;

 private:
  struct Entry {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> keep;
  };
  std::vector<Entry> entries_;
};

}  // namespace fovea
