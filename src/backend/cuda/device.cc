#include "backend/cuda/device.h"

#include <algorithm>

#include "backend/cuda/check.h"
#include "backend/cuda/nvjpeg/photo_decoder.h"
#include "base/log/log.h"
#include "base/parallel/parallel.h"

namespace fovea::cuda {
namespace {

class Event {
 public:
  Event() { FOVEA_CUDA(cudaEventCreate(&event_)); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Of one stream's work; its buffers and steps must outlive it.
class CudaGraph final : public Recording {
 public:
  CudaGraph(cudaStream_t stream, const std::function<void()>& work) {
    FOVEA_CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    cudaGraph_t graph = nullptr;
    try {
      work();
    } catch (...) {
      cudaStreamEndCapture(stream, &graph);
      cudaGraphDestroy(graph);
      throw;
    }
    FOVEA_CUDA(cudaStreamEndCapture(stream, &graph));
    const cudaError_t made = cudaGraphInstantiate(&executable_, graph, 0);
    cudaGraphDestroy(graph);
    check(made, "cudaGraphInstantiate(&executable_, graph, 0)");
    FOVEA_CUDA(cudaGraphUpload(executable_, stream));
  }
  ~CudaGraph() override { cudaGraphExecDestroy(executable_); }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;
  void replay(Stream& stream) override { FOVEA_CUDA(cudaGraphLaunch(executable_, stream_of(stream))); }

 private:
  cudaGraphExec_t executable_ = nullptr;
};

std::string short_error(cudaError_t status) { return status == cudaSuccess ? "" : cudaGetErrorString(status); }

DeviceInfo describe(int index) {
  const int count = device_count();
  require(count > 0, ErrorKind::kWrongDevice, "[cuda] no CUDA device: {}", why_no_device());
  require(index >= 0 && index < count, ErrorKind::kWrongDevice, "[cuda] device {} asked for, there are {} (0 to {})",
          index, count, count - 1);
  cudaDeviceProp properties{};
  FOVEA_CUDA(cudaGetDeviceProperties(&properties, index));
  require(properties.major == 9 && properties.minor == 0, ErrorKind::kWrongDevice,
          "[cuda] {} has compute capability {}.{}, this build runs on 9.0", properties.name, properties.major,
          properties.minor);
  DeviceInfo info;
  info.backend = "cuda";
  info.description = properties.name;
  info.compute_capability = properties.major * 10 + properties.minor;
  info.libraries.push_back("cuDNN " + cudnn::version());
  info.l2_bytes = static_cast<std::size_t>(properties.l2CacheSize);
  info.last_level_cache_bytes = info.l2_bytes;
  return info;
}

}  // namespace

int device_count() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

std::string why_no_device() {
  int count = 0;
  const std::string words = short_error(cudaGetDeviceCount(&count));
  return words.empty() ? "none is there" : words;
}

CudaBuffer::CudaBuffer(std::size_t bytes) : bytes_(bytes) {
  void* memory = nullptr;
  FOVEA_CUDA(cudaMalloc(&memory, std::max<std::size_t>(bytes, 256)));
  data_ = static_cast<std::byte*>(memory);
}
CudaBuffer::~CudaBuffer() { cudaFree(data_); }

CudaStream::CudaStream(int device, int thread_count) : device_(device) {
  threads = thread_count;
  FOVEA_CUDA(cudaSetDevice(device_));
  FOVEA_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
}
CudaStream::~CudaStream() {
  handle_.reset();
  cudaStreamDestroy(stream_);
}
cudaStream_t CudaStream::get() const {
  FOVEA_CUDA(cudaSetDevice(device_));
  return stream_;
}
void CudaStream::synchronize() { FOVEA_CUDA(cudaStreamSynchronize(get())); }
cudnn::Handle& CudaStream::cudnn() {
  if (!handle_) handle_ = std::make_unique<cudnn::Handle>(get());
  return *handle_;
}

CudaDevice::CudaDevice(int index) : index_(index), info_(describe(index)) {}

std::unique_ptr<Buffer> CudaDevice::allocate(std::size_t bytes) {
  FOVEA_CUDA(cudaSetDevice(index_));
  return std::make_unique<CudaBuffer>(bytes);
}

std::unique_ptr<Stream> CudaDevice::make_stream(int threads) {
  return std::make_unique<CudaStream>(index_, std::max(threads, 1));
}

void CudaDevice::upload(std::byte* to, std::span<const std::byte> from, Stream& stream) {
  if (from.empty()) return;
  FOVEA_CUDA(cudaMemcpyAsync(to, from.data(), from.size(), cudaMemcpyHostToDevice, stream_of(stream)));
}

void CudaDevice::download(std::span<std::byte> to, const std::byte* from, Stream& stream) {
  if (to.empty()) return;
  FOVEA_CUDA(cudaMemcpyAsync(to.data(), from, to.size(), cudaMemcpyDeviceToHost, stream_of(stream)));
  stream.synchronize();
}

std::unique_ptr<Recording> CudaDevice::record(Stream& stream, const std::function<void()>& work) {
  return std::make_unique<CudaGraph>(stream_of(stream), work);
}

/// A graph of as many runs as fill some 200 µs, between two events: neither launches nor the events' grain count.
double CudaDevice::time(Stream& stream, const std::function<void()>& work) {
  constexpr int kMost = 20;
  constexpr float kEnough = 0.2F;  // milliseconds
  work();                          // loads its kernels, which must not happen while it is recorded
  stream.synchronize();
  const Event begin, end;
  const cudaStream_t on = stream_of(stream);
  const auto run = [&](int times) {
    CudaGraph graph(on, [&] {
      for (int i = 0; i < times; ++i) work();
    });
    graph.replay(stream);
    FOVEA_CUDA(cudaEventRecord(begin.get(), on));
    graph.replay(stream);
    FOVEA_CUDA(cudaEventRecord(end.get(), on));
    stream.synchronize();
    float milliseconds = 0;
    FOVEA_CUDA(cudaEventElapsedTime(&milliseconds, begin.get(), end.get()));
    return milliseconds / static_cast<float>(times);
  };
  const float once = run(1);
  const int times = static_cast<int>(std::clamp(kEnough / std::max(once, 1e-3F), 1.0F, static_cast<float>(kMost)));
  return 1e3 * static_cast<double>(times > 1 ? run(times) : once);
}

std::unique_ptr<PhotoDecoder> CudaDevice::make_photo_decoder(const PreprocessSpec& spec, const DecodeLimits& limits) {
  FOVEA_CUDA(cudaSetDevice(index_));
  return nvjpeg::make_photo_decoder(spec, limits);
}

int CudaDevice::makers() const { return default_threads(); }

void CudaDevice::adopt(std::span<const Compiled> compiled) {
  const std::lock_guard lock(plans_mutex_);
  for (const Compiled& one : compiled) stored_.try_emplace(one.key, as_text(one.bytes));
}

std::vector<Compiled> CudaDevice::compiled() const {
  const std::lock_guard lock(plans_mutex_);
  std::vector<Compiled> all;
  for (const auto& [key, text] : stored_) all.push_back({key, Bytes(as_bytes(text).begin(), as_bytes(text).end())});
  return all;
}

Compiled CudaDevice::stored(const cudnn::ConvolutionPlan& plan, const std::string& key) {
  const std::lock_guard lock(plans_mutex_);
  auto known = stored_.find(key);
  if (known == stored_.end()) known = stored_.emplace(key, plan.stored()).first;
  return {key, Bytes(as_bytes(known->second).begin(), as_bytes(known->second).end())};
}

namespace {

std::shared_ptr<const cudnn::ConvolutionPlan> made_or_restored(cudnnHandle_t handle, const cudnn::Convolution& problem,
                                                               const Config& config, const std::string& stored) {
  try {
    if (!stored.empty()) return std::make_shared<const cudnn::ConvolutionPlan>(handle, problem, stored);
  } catch (const Error& error) {  // of another driver, say
    log_warning("a stored plan of cuDNN's is not used: {}", error.message());
  }
  return std::make_shared<const cudnn::ConvolutionPlan>(handle, problem, config);
}

}  // namespace

std::shared_ptr<const cudnn::ConvolutionPlan> CudaDevice::plan(const cudnn::Convolution& problem,
                                                               const Config& config) {
  constexpr std::size_t kMostPlans = 4096;  // tuning looks at many; an engine holds its own
  const std::string key = cudnn::key(problem, config);
  std::unique_ptr<CudaStream> builder;
  std::string stored;
  {
    const std::lock_guard lock(plans_mutex_);
    if (const auto known = plans_.find(key); known != plans_.end()) return known->second;
    if (const auto kept = stored_.find(key); kept != stored_.end()) stored = kept->second;
    if (!builders_.empty()) {
      builder = std::move(builders_.back());
      builders_.pop_back();
    }
  }
  if (!builder) builder = std::make_unique<CudaStream>(index_, 1);
  builder->get();  // its device becomes the thread's
  auto made = made_or_restored(builder->cudnn().get(), problem, config, stored);
  const std::lock_guard lock(plans_mutex_);
  builders_.push_back(std::move(builder));
  if (plans_.size() >= kMostPlans) plans_.clear();
  return plans_.emplace(key, std::move(made)).first->second;
}

std::shared_ptr<Buffer> CudaDevice::resident(std::span<const std::byte> packed) {
  const std::lock_guard lock(resident_mutex_);
  FOVEA_CUDA(cudaSetDevice(index_));
  std::weak_ptr<Buffer>& known = resident_[{packed.data(), packed.size()}];
  if (auto there = known.lock()) return there;
  std::shared_ptr<Buffer> made = allocate(packed.size());
  if (!uploads_) uploads_ = std::make_unique<CudaStream>(index_, 1);
  upload(made->data(), packed, *uploads_);
  uploads_->synchronize();  // a small copy may otherwise still be under way when other streams read it
  known = made;
  std::erase_if(resident_, [](const auto& entry) { return entry.second.expired(); });
  return made;
}

}  // namespace fovea::cuda
