#include <map>

#include "backend/cuda/cudnn/convolution.h"
#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"

namespace fovea::cuda {
namespace {

std::optional<cudnnDataType_t> cudnn_type(DType dtype) {
  if (dtype == DType::kF32) return CUDNN_DATA_FLOAT;
  if (dtype == DType::kF16) return CUDNN_DATA_HALF;
  if (dtype == DType::kBF16) return CUDNN_DATA_BFLOAT16;
  if (dtype == DType::kS8) return CUDNN_DATA_INT8;
  if (dtype == DType::kF8) return CUDNN_DATA_FP8_E4M3;
  return std::nullopt;
}

/// What y is stored in steps of: 1 for floats.
float step_of(const OperandView& operand) { return number_of(operand).scale; }

cudnn::Convolution problem_of(const NodeView& view) {
  const ConvShape d = conv_shape(view);
  cudnn::Convolution made;
  made.type = *cudnn_type(view.inputs[0].dtype);
  made.result = *cudnn_type(view.outputs[0].dtype);
  made.n = d.n, made.c = d.c, made.h = d.h, made.w = d.w;
  made.k = d.k, made.r = d.r, made.s = d.s, made.p = d.p, made.q = d.q, made.groups = d.groups;
  made.strides = {d.stride_h, d.stride_w};
  made.dilations = {d.dilation_h, d.dilation_w};
  made.before = {d.top, d.left};
  if (const auto* conv = std::get_if<Conv2d>(&view.op)) made.after = {conv->pads[2], conv->pads[3]};
  if (has_residual(view)) made.residual = cudnn_type(view.inputs[3].dtype);
  made.act = activation_of(view);
  made.scaled = is_scaled8(view.inputs[0].dtype);
  made.tf32 = takes_tf32(view.op);
  made.residual_scaled = made.scaled && has_residual(view);
  if (made.act.function == Function::kClip) made.act.beta /= step_of(view.outputs[0]);  // y is made in its steps
  return made;
}

class CudnnStep final : public Step {
 public:
  CudnnStep(const NodeView& view, const Config& config, std::span<const std::byte> packed, CudaDevice& device)
      : device_(device),
        plan_(device.plan(problem_of(view), config)),
        key_(cudnn::key(problem_of(view), config)),
        blob_(device.resident(packed)),
        channels_(channels_offset(static_cast<std::size_t>(view.inputs[1].shape.elements()), view.inputs[0].dtype)),
        row_(static_cast<std::size_t>(conv_shape(view).k) * sizeof(float)),
        residual_(has_residual(view)) {}
  std::size_t scratch_bytes() const override { return plan_->workspace_bytes(); }
  std::optional<Compiled> compiled() const override { return device_.stored(*plan_, key_); }
  void run(const Bindings& bindings, Stream& stream) const override {
    CudaStream& on = as_cuda(stream);
    on.get();  // its device becomes the current one
    const std::byte* bias = blob_->data() + channels_;
    plan_->run(on.cudnn().get(),
               {bindings.inputs[0], blob_->data(), bias + row_, residual_ ? bindings.inputs[3] : nullptr,
                bias + 2 * row_, bias, bindings.outputs[0], bindings.scratch});
  }

 private:
  CudaDevice& device_;
  std::shared_ptr<const cudnn::ConvolutionPlan> plan_;
  std::string key_;
  std::shared_ptr<Buffer> blob_;
  std::size_t channels_, row_;
  bool residual_;
};

/// Functions that may be computed in steps of y: f(a · x) = a · f(x) (a clip's bound is changed).
bool scales(const Activation& act) {
  return !act || act.function == Function::kRelu || act.function == Function::kClip ||
         act.function == Function::kLeakyRelu;
}

/// 8 bits: everything around 0, as the tensor cores take it.
Support eight_bits_run(const NodeView& view, const ConvShape& d) {
  constexpr int kEach = 16;
  if (auto answer = around_zero(view); !answer) return answer;
  if (is_scaled8(view.outputs[0].dtype) && !scales(activation_of(view)))
    return Support::no("an activation that depends on the scale");
  if (d.groups > 1) return Support::no("groups in 8 bits");
  if (d.c % kEach != 0 || d.k % kEach != 0)
    return Support::no(fmt::format("{} and {} channels, multiples of {} run", d.c, d.k, kEach));
  return Support::yes();
}

Support supports(const NodeView& view, const DeviceInfo&) {
  if (auto answer = weighted_fits(view); !answer) return answer;
  if (!cudnn::can_fuse(activation_of(view))) return Support::no("cuDNN does not fuse this activation");
  const ConvShape d = conv_shape(view);
  for (const OperandView* operand : {&view.inputs[0], &view.outputs[0]})
    if (!cudnn_type(operand->dtype)) return Support::no(fmt::format("{} in or out", name(operand->dtype)));
  if (has_residual(view) && !cudnn_type(view.inputs[3].dtype)) return Support::no("a residual in u8");
  if (is_scaled8(view.inputs[0].dtype)) return eight_bits_run(view, d);
  if (is_scaled8(view.outputs[0].dtype) || (has_residual(view) && is_scaled8(view.inputs[3].dtype)))
    return Support::no("floats in, 8 bits out");
  if (takes_tf32(view.op) && view.inputs[0].dtype != DType::kF32) return Support::no("TF32 is for f32");
  if (d.groups == d.c && d.c > 1) return Support::no("one filter per channel");
  const int each = view.inputs[0].dtype == DType::kF32 ? 4 : 8;
  if (d.c / d.groups % each != 0 || d.k % each != 0)
    return Support::no(fmt::format("{} and {} channels, multiples of {} run", d.c / d.groups, d.k, each));
  return Support::yes();
}

/// cuDNN's heuristics name engines that may turn out not to run: then making the step says so.
std::vector<Config> configs(const NodeView& view, const DeviceInfo&) {
  const cudnn::Handle handle(nullptr);
  return cudnn::engines(handle.get(), problem_of(view));
}

Bytes pack(const NodeView& view, const Config&, const Weights& weights) {
  FilterValues values = filter_values(view, weights, true);
  if (values.scale.empty()) return blob_of(values, view.inputs[0].dtype);
  to_steps(values, view);
  if (has_residual(view))
    values.scale.resize(2 * values.scale.size(), step_of(view.inputs[3]) / step_of(view.outputs[0]));
  return blob_of(values, view.inputs[0].dtype);
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  return std::make_unique<CudnnStep>(view, config, packed, as_cuda(device));
}

}  // namespace

const Tactic kCudnn = {"cudnn", supports, configs, pack, make};

}  // namespace fovea::cuda
