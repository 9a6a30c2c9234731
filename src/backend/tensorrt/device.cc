#include "backend/tensorrt/device.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"

#define FOVEA_DRIVER(call) Driver::open().check(Driver::open().call, #call)

namespace fovea::tensorrt {
namespace {

CUdevice device_at(int index) {
  const Driver& driver = Driver::open();
  int count = 0;
  driver.check(driver.device_count(&count), "device_count");
  require(index >= 0 && index < count, ErrorKind::kWrongDevice, "no GPU {}: there are {}", index, count);
  CUdevice device = 0;
  driver.check(driver.device(&device, index), "device");
  return device;
}

int attribute_of(CUdevice device, CUdevice_attribute which) {
  int value = 0;
  FOVEA_DRIVER(attribute(&value, which, device));
  return value;
}

std::string name_of(CUdevice device) {
  std::array<char, 256> text{};
  FOVEA_DRIVER(device_name(text.data(), static_cast<int>(text.size()) - 1, device));
  return text.data();
}

class GpuBuffer final : public Buffer {
 public:
  GpuBuffer(std::shared_ptr<const PrimaryContext> context, std::size_t bytes)
      : context_(std::move(context)), bytes_(bytes) {
    context_->make_current();
    FOVEA_DRIVER(allocate(&address_, std::max<std::size_t>(bytes, 256)));
  }
  ~GpuBuffer() override {
    try {
      context_->make_current();
    } catch (const Error&) {  // the device is gone, and its memory with it
    }
    Driver::open().free(address_);
  }
  GpuBuffer(const GpuBuffer&) = delete;
  GpuBuffer& operator=(const GpuBuffer&) = delete;
  /// The driver's addresses are numbers.
  std::byte* data() override { return reinterpret_cast<std::byte*>(address_); }  // NOLINT(performance-no-int-to-ptr)
  std::size_t size() const override { return bytes_; }

 private:
  std::shared_ptr<const PrimaryContext> context_;
  std::size_t bytes_;
  CUdeviceptr address_ = 0;
};

TensorRtStream& as_tensorrt(Stream& stream) { return static_cast<TensorRtStream&>(stream); }

}  // namespace

int capability_of(int index) {
  const CUdevice device = device_at(index);
  return attribute_of(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10 +
         attribute_of(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
}

void require_device(const Library& library, int index) {
  std::string reason;
  try {
    const int capability = capability_of(index);
    if (library.runs_on(capability)) return;
    reason = fmt::format("this GPU ({}) has compute capability {}.{}", name_of(device_at(index)), capability / 10,
                         capability % 10);
  } catch (const Error& error) {
    reason = error.message();
  }
  fail(ErrorKind::kWrongDevice, "[tensorrt] {}: {}", library.version(), reason);
}

LoadedPlan::LoadedPlan(const Library& library, std::span<const std::byte> plan)
    : runtime_(library.make_runtime(log_)), engine_(runtime_->deserializeCudaEngine(plan.data(), plan.size())) {
  require(engine_ != nullptr, ErrorKind::kCorruptFile, "[tensorrt] {} does not take the plan: {}", library.version(),
          log_.errors());
  for (int i = 0; i < engine_->getNbIOTensors(); ++i) {
    const char* name = engine_->getIOTensorName(i);
    std::string& place = engine_->getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT ? input_ : output_;
    require(place.empty(), ErrorKind::kCorruptFile, "[tensorrt] the plan has more than one input or output: {}", name);
    place = name;
  }
}

PrimaryContext::PrimaryContext(int index) : device_(device_at(index)) { FOVEA_DRIVER(retain(&context_, device_)); }
PrimaryContext::~PrimaryContext() { Driver::open().release(device_); }
void PrimaryContext::make_current() const { FOVEA_DRIVER(make_current(context_)); }

TensorRtStream::TensorRtStream(std::shared_ptr<const PrimaryContext> context) : context_(std::move(context)) {
  context_->make_current();
  FOVEA_DRIVER(create_stream(&stream_, CU_STREAM_NON_BLOCKING));
}
TensorRtStream::~TensorRtStream() {
  entries_.clear();
  Driver::open().destroy_stream(stream_);
}
CUstream TensorRtStream::get() const {
  context_->make_current();
  return stream_;
}
void TensorRtStream::synchronize() {
  const CUstream stream = get();
  FOVEA_DRIVER(synchronize(stream));
}

nvinfer1::IExecutionContext& TensorRtStream::context_of(const std::shared_ptr<const LoadedPlan>& plan, int profile) {
  Entry& entry = entries_[{plan.get(), profile}];
  if (entry.context) return *entry.context;
  entry.plan = plan;
  const CUstream stream = get();
  entry.context.reset(
      plan->engine().createExecutionContext(nvinfer1::ExecutionContextAllocationStrategy::kUSER_MANAGED));
  require(entry.context != nullptr, ErrorKind::kDevice, "[tensorrt] no execution context: {}", plan->log().errors());
  if (profile != 0)
    require(entry.context->setOptimizationProfileAsync(profile, stream), ErrorKind::kDevice,
            "[tensorrt] profile {}: {}", profile, plan->log().errors());
  return *entry.context;
}

TensorRtDevice::TensorRtDevice(int index) : library_(Library::open()) {
  require_device(library_, index);
  context_ = std::make_shared<const PrimaryContext>(index);
  const CUdevice device = device_at(index);
  info_.backend = "tensorrt";
  info_.description = name_of(device);
  info_.compute_capability = capability_of(index);
  info_.libraries = {library_.name()};
  info_.l2_bytes = static_cast<std::size_t>(attribute_of(device, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE));
  info_.last_level_cache_bytes = info_.l2_bytes;
}

std::unique_ptr<Buffer> TensorRtDevice::allocate(std::size_t bytes) {
  return std::make_unique<GpuBuffer>(context_, bytes);
}

std::unique_ptr<Stream> TensorRtDevice::make_stream(int threads) {
  auto stream = std::make_unique<TensorRtStream>(context_);
  stream->threads = std::max(threads, 1);
  return stream;
}

void TensorRtDevice::upload(std::byte* to, std::span<const std::byte> from, Stream& stream) {
  if (from.empty()) return;
  const CUstream on = as_tensorrt(stream).get();
  FOVEA_DRIVER(upload(reinterpret_cast<CUdeviceptr>(to), from.data(), from.size(), on));
}

void TensorRtDevice::download(std::span<std::byte> to, const std::byte* from, Stream& stream) {
  if (to.empty()) return;
  const CUstream on = as_tensorrt(stream).get();
  FOVEA_DRIVER(download(to.data(), reinterpret_cast<CUdeviceptr>(from), to.size(), on));
  stream.synchronize();
}

std::shared_ptr<const LoadedPlan> TensorRtDevice::load(std::span<const std::byte> plan) {
  const std::lock_guard lock(mutex_);
  std::weak_ptr<const LoadedPlan>& known = loaded_[{plan.data(), plan.size()}];
  if (auto there = known.lock()) return there;
  context_->make_current();
  auto made = std::make_shared<const LoadedPlan>(library_, plan);
  known = made;
  return made;
}

}  // namespace fovea::tensorrt
