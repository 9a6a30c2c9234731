#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "graph/ops/strided.h"

namespace fovea::cuda {
namespace {

// ---- pixels
// ----------------------------------------------------------------------------------------------------------

Support pixels_supports(const NodeView& view, const DeviceInfo&) {
  if (!std::holds_alternative<PixelsToTensor>(view.op)) return Support::no("no pixels");
  const OperandView &x = view.inputs.at(0), &y = view.outputs.at(0);
  if (x.layout != Layout::kPlain) return Support::no("pixels are plain");
  if (y.layout == Layout::kBlocked16) return Support::no("blocked channels");
  if (!is_number(y.dtype)) return Support::no(fmt::format("output is {}", name(y.dtype)));
  if (!is_float(y.dtype) && !y.quant) return Support::no("an 8-bit output without a scale");
  return Support::yes();
}

std::unique_ptr<Step> pixels_make(const NodeView& view, const Config&, std::span<const std::byte>, Device&) {
  const auto& op = std::get<PixelsToTensor>(view.op);
  PixelFactors factors{};
  for (std::size_t c = 0; c < 3; ++c) {
    factors.factor[c] = op.scale / op.std[c];
    factors.offset[c] = -op.mean[c] / op.std[c];
  }
  const Shape& y = view.outputs[0].shape;
  return make_step([=, to = number_of(view.outputs[0]), n = y[0], area = y[2] * y[3], channels = static_cast<int>(y[1]),
                    plain = view.outputs[0].layout == Layout::kPlain](const Bindings& bindings, cudaStream_t stream) {
    launch_pixels(bindings.inputs[0], bindings.outputs[0], to, factors, n, area, channels, plain, stream);
  });
}

// ---- one operand
// -----------------------------------------------------------------------------------------------------

bool keeps_values(const Op& op) {
  return std::holds_alternative<Identity>(op) || std::holds_alternative<Dropout>(op) ||
         std::holds_alternative<Flatten>(op) || std::holds_alternative<Reshape>(op) ||
         std::holds_alternative<Squeeze>(op) || std::holds_alternative<Unsqueeze>(op) ||
         std::holds_alternative<Cast>(op);
}

Support unary_supports(const NodeView& view, const DeviceInfo&) {
  if (!std::holds_alternative<Unary>(view.op) && !keeps_values(view.op))
    return Support::no("no function of one operand");
  if (view.inputs.at(0).constant) return Support::no("the input is constant");
  if (auto answer = all_numbers(view); !answer) return answer;
  const OperandView &x = view.inputs[0], &y = view.outputs.at(0);
  if (x.layout == Layout::kBlocked16 || y.layout == Layout::kBlocked16) return Support::no("blocked channels");
  return same_order(x, y) ? Support::yes() : Support::no("input and output layouts differ");
}

std::unique_ptr<Step> unary_make(const NodeView& view, const Config&, std::span<const std::byte>, Device&) {
  const auto* unary = std::get_if<Unary>(&view.op);
  return make_step([from = number_of(view.inputs[0]), to = number_of(view.outputs[0]),
                    act = unary != nullptr ? unary->fn : Activation{},
                    count = view.outputs[0].shape.elements()](const Bindings& bindings, cudaStream_t stream) {
    if (count > 0) launch_unary(bindings.inputs[0], bindings.outputs[0], from, to, act, count, stream);
  });
}

// ---- two operands
// ----------------------------------------------------------------------------------------------------

std::optional<Pair> pair_of(const Op& op) {
  if (std::holds_alternative<PRelu>(op)) return Pair::kPRelu;
  const auto* binary = std::get_if<Binary>(&op);
  if (binary == nullptr) return std::nullopt;
  static_assert(static_cast<int>(Pair::kPow) == static_cast<int>(BinaryKind::kPow));
  return static_cast<Pair>(binary->kind);
}

/// Strides of an operand along the output's axes; 0 where it is repeated. A constant lies plain, in f32.
std::vector<std::int64_t> broadcast_strides(const OperandView& x, const Shape& y) {
  const std::vector<std::int64_t> own = x.constant ? dense_strides(x.shape) : strides_of(x);
  std::vector<std::int64_t> strides(static_cast<std::size_t>(y.rank()), 0);
  const auto missing = static_cast<std::size_t>(y.rank() - x.shape.rank());
  for (std::size_t i = 0; i < own.size(); ++i)
    if (x.shape[static_cast<int>(i)] != 1) strides[i + missing] = own[i];
  return strides;
}

std::vector<Axis> binary_axes(const NodeView& view) {
  const OperandView& y = view.outputs[0];
  const auto out = strides_of(y), a = broadcast_strides(view.inputs[0], y.shape),
             b = broadcast_strides(view.inputs[1], y.shape);
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < out.size(); ++i) axes.push_back({y.shape[static_cast<int>(i)], out[i], a[i], b[i]});
  return axes;
}

Support binary_supports(const NodeView& view, const DeviceInfo&) {
  if (!pair_of(view.op)) return Support::no("no function of two operands");
  if (auto answer = all_numbers(view); !answer) return answer;
  if (view.outputs[0].layout == Layout::kBlocked16) return Support::no("blocked channels");
  if (view.inputs[0].constant && view.inputs[1].constant) return Support::no("both operands are constant");
  for (const OperandView& x : view.inputs)
    if (!x.constant && x.shape.rank() == 4 && x.layout != view.outputs[0].layout)
      return Support::no("operands in different layouts");
  for (const OperandView& x : view.inputs)  // rank below 4 is plain, and its axes would be another's of an image
    if (!x.constant && x.shape.rank() != view.outputs[0].shape.rank() && view.outputs[0].layout != Layout::kPlain)
      return Support::no("an operand of another rank beside an image");
  return fits(binary_axes(view)) ? Support::yes() : Support::no("too many axes");
}

/// A constant operand as f32.
Bytes binary_pack(const NodeView& view, const Config&, const Weights& weights) {
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    if (!view.inputs[i].constant) continue;
    const Tensor reals = real_values(view.inputs[i], weights.tensors[i]);
    return {reals.bytes().begin(), reals.bytes().end()};
  }
  return {};
}

std::unique_ptr<Step> binary_make(const NodeView& view, const Config&, std::span<const std::byte> packed,
                                  Device& device) {
  std::shared_ptr<Buffer> blob = packed.empty() ? nullptr : as_cuda(device).resident(packed);
  const auto type = [](const OperandView& x) { return x.constant ? Number{} : number_of(x); };
  const Activation* act = epilogue(view.op);
  return make_step([=, na = type(view.inputs[0]), nb = type(view.inputs[1]), ny = number_of(view.outputs[0]),
                    pair = *pair_of(view.op), function = act != nullptr ? *act : Activation{},
                    walk = walk_of(binary_axes(view))](const Bindings& bindings, cudaStream_t stream) {
    const auto place = [&](std::size_t i) {
      return bindings.inputs[i] != nullptr ? bindings.inputs[i] : static_cast<const std::byte*>(blob->data());
    };
    launch_binary(place(0), place(1), bindings.outputs[0], na, nb, ny, pair, function, walk, stream);
  });
}

}  // namespace

const Tactic kPixels = {"pixels", pixels_supports, one_config, pack_nothing, pixels_make};
const Tactic kUnary = {"unary", unary_supports, one_config, pack_nothing, unary_make};
const Tactic kBinary = {"binary", binary_supports, one_config, binary_pack, binary_make};

}  // namespace fovea::cuda
