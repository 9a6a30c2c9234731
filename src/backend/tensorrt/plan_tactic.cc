#include "backend/tensorrt/plan_tactic.h"

#include "backend/tensorrt/device.h"
#include "base/error.h"

namespace fovea::tensorrt {
namespace {

constexpr std::size_t kMemoryAlignment = 256;  ///< of a context's device memory, as TensorRT wants it

nvinfer1::Dims dims_of(const Shape& shape) {
  nvinfer1::Dims dims{};
  dims.nbDims = static_cast<std::int32_t>(shape.rank());
  for (int i = 0; i < shape.rank(); ++i) dims.d[i] = shape[i];
  return dims;
}

class PlanStep final : public Step {
 public:
  PlanStep(const NodeView& view, int profile, std::span<const std::byte> packed, TensorRtDevice& device)
      : plan_(device.load(packed)), profile_(profile), input_(dims_of(view.inputs[0].shape)) {
    nvinfer1::ICudaEngine& engine = plan_->engine();
    require(profile_ >= 0 && profile_ < engine.getNbOptimizationProfiles(), ErrorKind::kCorruptFile,
            "[tensorrt] profile {} of {}", profile_, engine.getNbOptimizationProfiles());
    require(!plan_->input().empty() && !plan_->output().empty(), ErrorKind::kCorruptFile,
            "[tensorrt] the plan has no input or no output");
    check_type(view.inputs[0].dtype, plan_->input());
    check_type(view.outputs[0].dtype, plan_->output());
    memory_bytes_ = engine.getDeviceMemorySizeForProfileV2(profile_);
  }

  std::size_t scratch_bytes() const override {
    return memory_bytes_ == 0 ? 0 : static_cast<std::size_t>(memory_bytes_) + kMemoryAlignment;
  }

  void run(const Bindings& bindings, Stream& stream) const override {
    auto& on = static_cast<TensorRtStream&>(stream);
    nvinfer1::IExecutionContext& context = on.context_of(plan_, profile_);
    const auto start = reinterpret_cast<std::uintptr_t>(bindings.scratch);
    const std::size_t shift = (kMemoryAlignment - start % kMemoryAlignment) % kMemoryAlignment;
    if (memory_bytes_ > 0) context.setDeviceMemoryV2(bindings.scratch + shift, memory_bytes_);
    const bool bound = context.setInputShape(plan_->input().c_str(), input_) &&
                       context.setInputTensorAddress(plan_->input().c_str(), bindings.inputs[0]) &&
                       context.setTensorAddress(plan_->output().c_str(), bindings.outputs[0]);
    require(bound && context.enqueueV3(on.get()), ErrorKind::kDevice, "[tensorrt] the plan does not run: {}",
            plan_->log().errors());
  }

 private:
  void check_type(DType dtype, const std::string& tensor) const {
    using nvinfer1::DataType;
    const DataType wanted = dtype == DType::kU8 ? DataType::kUINT8 : DataType::kFLOAT;
    require(plan_->engine().getTensorDataType(tensor.c_str()) == wanted, ErrorKind::kCorruptFile,
            "[tensorrt] {} of the plan is not {}", tensor, name(dtype));
  }

  std::shared_ptr<const LoadedPlan> plan_;
  int profile_;
  nvinfer1::Dims input_;
  std::int64_t memory_bytes_ = 0;
};

Support supports(const NodeView& view, const DeviceInfo&) {
  if (!std::holds_alternative<Region>(view.op)) return Support::no("a plan is of a whole network");
  const DType in = view.inputs[0].dtype;
  if (in != DType::kU8 && in != DType::kF32) return Support::no("the input is neither u8 nor f32");
  if (view.inputs[0].layout != Layout::kPlain || view.inputs[0].shape.rank() > nvinfer1::Dims::MAX_DIMS)
    return Support::no("the input is not plain");
  return Support::yes();
}

std::vector<Config> configs(const NodeView&, const DeviceInfo&) { return {Config{{{"profile", 0}}}}; }

/// Plans are made of a whole model, not of a node.
Bytes pack(const NodeView&, const Config&, const Weights&) {
  fail(ErrorKind::kUnsupported, "[tensorrt] a plan is built by fovea build --device tensorrt");
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  return std::make_unique<PlanStep>(view, config.get("profile", -1), packed, static_cast<TensorRtDevice&>(device));
}

}  // namespace

const Tactic kPlan = {"tensorrt.plan", supports, configs, pack, make};

}  // namespace fovea::tensorrt
