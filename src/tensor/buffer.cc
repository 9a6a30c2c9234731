#include "tensor/buffer.h"

#include <cstdlib>

#include "base/error.h"

namespace fovea {

AlignedBuffer::AlignedBuffer(std::size_t bytes) : size_(bytes) {
  constexpr std::size_t kAlignment = 64;
  const std::size_t padded = (bytes / kAlignment + 1) * kAlignment;
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, padded)));
  require(data_ != nullptr, ErrorKind::kOutOfMemory, "cannot allocate {} bytes", bytes);
}

void AlignedBuffer::Free::operator()(std::byte* memory) const noexcept { std::free(memory); }

}  // namespace fovea
