#pragma once

#include <cuda_runtime_api.h>

#include <map>
#include <memory>
#include <mutex>
#include <span>

#include "backend/api/device.h"
#include "backend/cuda/cudnn/convolution.h"
#include "backend/cuda/cudnn/handle.h"

namespace fovea::cuda {

int device_count();           ///< 0 without a GPU or a driver; never throws
std::string why_no_device();  ///< CUDA's words

/// Memory of the current device.
class CudaBuffer final : public Buffer {
 public:
  explicit CudaBuffer(std::size_t bytes);
  ~CudaBuffer() override;
  CudaBuffer(const CudaBuffer&) = delete;
  CudaBuffer& operator=(const CudaBuffer&) = delete;
  std::byte* data() override { return data_; }
  std::size_t size() const override { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_;
};

/// A stream of its own, never the default one.
class CudaStream final : public Stream {
 public:
  CudaStream(int device, int thread_count);
  ~CudaStream() override;
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;
  void synchronize() override;
  /// Makes its device the thread's current one.
  cudaStream_t get() const;
  /// cuDNN's handle on this stream, made at first use.
  cudnn::Handle& cudnn();

 private:
  int device_;
  cudaStream_t stream_ = nullptr;
  std::unique_ptr<cudnn::Handle> handle_;
};
inline CudaStream& as_cuda(Stream& stream) { return static_cast<CudaStream&>(stream); }
inline cudaStream_t stream_of(Stream& stream) { return as_cuda(stream).get(); }

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int index);
  const DeviceInfo& info() const override { return info_; }
  std::unique_ptr<Buffer> allocate(std::size_t bytes) override;
  std::unique_ptr<Stream> make_stream(int threads) override;
  void upload(std::byte* to, std::span<const std::byte> from, Stream& stream) override;
  void download(std::span<std::byte> to, const std::byte* from, Stream& stream) override;
  void evict(std::span<const std::byte>, Stream&) override {}
  std::unique_ptr<Recording> record(Stream& stream, const std::function<void()>& work) override;
  void adopt(std::span<const Compiled> compiled) override;
  std::vector<Compiled> compiled() const override;
  std::unique_ptr<PhotoDecoder> make_photo_decoder(const PreprocessSpec& spec, const DecodeLimits& limits) override;
  int makers() const override;  ///< cuDNN compiles a kernel for most plans
  double time(Stream& stream, const std::function<void()>& work) override;

  /// A copy of packed weights in the device's memory; steps that share a blob share the copy.
  std::shared_ptr<Buffer> resident(std::span<const std::byte> packed);
  /// cuDNN's own form of a plan, kept from then on.
  Compiled stored(const cudnn::ConvolutionPlan& plan, const std::string& key);
  /// A plan of cuDNN's, compiled once for all steps with this problem, or not at all where its form was adopted.
  std::shared_ptr<const cudnn::ConvolutionPlan> plan(const cudnn::Convolution& problem, const Config& config);

 private:
  int index_;
  DeviceInfo info_;
  mutable std::mutex plans_mutex_;
  std::mutex resident_mutex_;
  std::unique_ptr<CudaStream> uploads_;
  std::vector<std::unique_ptr<CudaStream>> builders_;  ///< those that nobody uses: each has a handle of cuDNN's
  std::map<std::string, std::shared_ptr<const cudnn::ConvolutionPlan>> plans_;
  std::map<std::string, std::string> stored_;  ///< plans in cuDNN's own form, by key
  std::map<std::pair<const std::byte*, std::size_t>, std::weak_ptr<Buffer>> resident_;
};
inline CudaDevice& as_cuda(Device& device) { return static_cast<CudaDevice&>(device); }

}  // namespace fovea::cuda
