#include "backend/cpu/device.h"

#include <algorithm>
#include <atomic>
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

constexpr std::size_t kLargestFlush = std::size_t{128} << 20;

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

void CpuDevice::flush_caches(Stream&) {
  const std::lock_guard lock(mutex_);
  if (flush_.size() == 0) {
    const std::size_t bytes = std::min(2 * info_.last_level_cache_bytes, kLargestFlush);
    flush_ = AlignedBuffer(bytes);
    std::memset(flush_.data(), 1, flush_.size());  // real pages: the zero page would stay in the cache
  }
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < flush_.size(); i += 64) sum += std::to_integer<std::uint64_t>(flush_.data()[i]);
  static std::atomic<std::uint64_t> sink;
  sink.store(sum, std::memory_order_relaxed);
}

}  // namespace fovea::cpu
