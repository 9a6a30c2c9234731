#pragma once

#include <NvInfer.h>

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "backend/api/device.h"
#include "backend/tensorrt/driver.h"
#include "backend/tensorrt/library.h"
#include "backend/tensorrt/listeners.h"

namespace fovea::tensorrt {

/// Why the library does not run on that GPU, in one line; throws kWrongDevice where there is none. Nothing is started.
void require_device(const Library& library, int index);
/// Of a GPU, as 86 for 8.6; kWrongDevice.
int capability_of(int index);

/// A plan in the GPU's memory, shared by every context. Members end in the order that TensorRT wants.
class LoadedPlan {
 public:
  /// kCorruptFile with TensorRT's words for what is no plan of this library.
  LoadedPlan(const Library& library, std::span<const std::byte> plan);
  nvinfer1::ICudaEngine& engine() const { return *engine_; }
  const std::string& input() const { return input_; }
  const std::string& output() const { return output_; }
  Log& log() const { return log_; }

 private:
  mutable Log log_;
  std::unique_ptr<nvinfer1::IRuntime> runtime_;
  std::unique_ptr<nvinfer1::ICudaEngine> engine_;
  std::string input_, output_;
};

/// The device's primary context, as the CUDA runtime and other libraries use it.
class PrimaryContext {
 public:
  explicit PrimaryContext(int index);
  ~PrimaryContext();
  PrimaryContext(const PrimaryContext&) = delete;
  PrimaryContext& operator=(const PrimaryContext&) = delete;
  void make_current() const;

 private:
  CUdevice device_ = 0;
  CUcontext context_ = nullptr;
};

/// A stream with the execution contexts of the plans that ran on it, one per plan and profile.
class TensorRtStream final : public Stream {
 public:
  explicit TensorRtStream(std::shared_ptr<const PrimaryContext> context);
  ~TensorRtStream() override;
  TensorRtStream(const TensorRtStream&) = delete;
  TensorRtStream& operator=(const TensorRtStream&) = delete;
  void synchronize() override;
  CUstream get() const;  ///< makes its device the thread's current one
  nvinfer1::IExecutionContext& context_of(const std::shared_ptr<const LoadedPlan>& plan, int profile);

 private:
  struct Entry {
    std::shared_ptr<const LoadedPlan> plan;  ///< outlives its contexts
    std::unique_ptr<nvinfer1::IExecutionContext> context;
  };
  std::shared_ptr<const PrimaryContext> context_;
  CUstream stream_ = nullptr;
  std::map<std::pair<const LoadedPlan*, int>, Entry> entries_;
};

class TensorRtDevice final : public Device {
 public:
  explicit TensorRtDevice(int index);
  const DeviceInfo& info() const override { return info_; }
  std::unique_ptr<Buffer> allocate(std::size_t bytes) override;
  std::unique_ptr<Stream> make_stream(int threads) override;
  void upload(std::byte* to, std::span<const std::byte> from, Stream& stream) override;
  void download(std::span<std::byte> to, const std::byte* from, Stream& stream) override;
  void evict(std::span<const std::byte>, Stream&) override {}
  /// Steps that share a blob share the plan.
  std::shared_ptr<const LoadedPlan> load(std::span<const std::byte> plan);

 private:
  const Library& library_;
  std::shared_ptr<const PrimaryContext> context_;
  DeviceInfo info_;
  std::mutex mutex_;
  std::map<std::pair<const std::byte*, std::size_t>, std::weak_ptr<const LoadedPlan>> loaded_;
};

}  // namespace fovea::tensorrt
