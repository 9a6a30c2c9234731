#include "backend/cpu/device.h"

#include <emmintrin.h>

#include <cstring>

#include "base/parallel/parallel.h"

namespace fovea::cpu {
namespace {

class CpuBuffer final : public Buffer {
 public:
  explicit CpuBuffer(std::size_t bytes) : memory_(bytes), bytes_(bytes) {}
  std::byte* data() override { return memory_.data(); }
  std::size_t size() const override { return bytes_; }

 private:
  AlignedBuffer memory_;
  std::size_t bytes_;
};

class CpuStream final : public Stream {
 public:
  explicit CpuStream(int count) { threads = count; }
  void synchronize() override {}
};

}  // namespace

std::unique_ptr<Buffer> CpuDevice::allocate(std::size_t bytes) { return std::make_unique<CpuBuffer>(bytes); }

std::unique_ptr<Stream> CpuDevice::make_stream(int threads) {
  return std::make_unique<CpuStream>(threads > 0 ? threads : default_threads());
}

void CpuDevice::upload(std::byte* to, std::span<const std::byte> from, Stream&) {
  std::memcpy(to, from.data(), from.size());
}

void CpuDevice::download(std::span<std::byte> to, const std::byte* from, Stream&) {
  std::memcpy(to.data(), from, to.size());
}

void CpuDevice::evict(std::span<const std::byte> bytes, Stream&) {
  constexpr std::size_t kLine = 64;
  for (std::size_t i = 0; i < bytes.size(); i += kLine) _mm_clflush(bytes.data() + i);
  _mm_mfence();
}

}  // namespace fovea::cpu
