#pragma once

#include <memory>

#include "backend/api/device.h"
#include "tensor/buffer.h"

namespace fovea::cpu {

/// Main memory and the caller's thread: buffers are aligned memory, a stream is done when a step returns.
class CpuDevice final : public Device {
 public:
  explicit CpuDevice(DeviceInfo info) : info_(std::move(info)) {}
  const DeviceInfo& info() const override { return info_; }
  std::unique_ptr<Buffer> allocate(std::size_t bytes) override;
  std::unique_ptr<Stream> make_stream(int threads) override;
  void upload(std::byte* to, std::span<const std::byte> from, Stream& stream) override;
  void download(std::span<std::byte> to, const std::byte* from, Stream& stream) override;
  void evict(std::span<const std::byte> bytes, Stream& stream) override;

 private:
  DeviceInfo info_;
};

}  // namespace fovea::cpu
