#include "engine/blobs.h"

#include <cassert>
#include <cstdint>
#include <cstring>
#include <utility>

#include "tensor/buffer.h"

namespace fovea {

Blobs::Blobs(const std::vector<Bytes>& contents) {
  entries_.reserve(contents.size());
  for (const Bytes& content : contents) push_back(content);
}

void Blobs::push_back(std::span<const std::byte> content) {
  auto buffer = std::make_shared<AlignedBuffer>(content.size());
  if (!content.empty()) std::memcpy(buffer->data(), content.data(), content.size());
  const std::span<const std::byte> bytes = std::as_const(*buffer).bytes();
  share(bytes, std::move(buffer));
}

void Blobs::share(std::span<const std::byte> bytes, std::shared_ptr<const void> keep) {
  assert(reinterpret_cast<std::uintptr_t>(bytes.data()) % 64 == 0);
  entries_.push_back({bytes, std::move(keep)});
}

std::size_t Blobs::total_bytes() const {
  std::size_t sum = 0;
  for (const Entry& entry : entries_) sum += entry.bytes.size();
  return sum;
}

}  // namespace fovea
