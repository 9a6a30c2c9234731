#include "train/ops.h"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "train/convert.h"
#include "train/rounding.h"

namespace fovea::train {
namespace {

using at::Tensor;
using Inputs = std::span<const Tensor>;
using Ints = std::vector<std::int64_t>;

std::optional<Tensor> optional_input(Inputs inputs, std::size_t i) {
  return i < inputs.size() && inputs[i].defined() ? std::optional<Tensor>(inputs[i]) : std::nullopt;
}

/// hardtanh has a backward pass of one kernel, clamp of four; it wants an interval that is not empty.
Tensor clip(const Tensor& x, const Activation& f) {
  return f.alpha < f.beta ? at::hardtanh(x, f.alpha, f.beta) : at::clamp(x, f.alpha, f.beta);
}

Tensor hard_sigmoid(const Tensor& x, const Activation& f) { return at::clamp(x * f.alpha + f.beta, 0, 1); }

struct FunctionEntry {
  Function function;
  Tensor (*apply)(const Tensor&, const Activation&);
};
using A = const Activation&;
using T = const Tensor&;

constexpr std::array kFunctions = {
    FunctionEntry{Function::kIdentity, [](T x, A) { return x; }},
    FunctionEntry{Function::kRelu, [](T x, A) { return at::relu(x); }},
    FunctionEntry{Function::kClip, clip},
    FunctionEntry{Function::kLeakyRelu, [](T x, A f) { return at::leaky_relu(x, f.alpha); }},
    FunctionEntry{Function::kElu, [](T x, A f) { return at::elu(x, f.alpha); }},
    FunctionEntry{Function::kSigmoid, [](T x, A) { return at::sigmoid(x); }},
    FunctionEntry{Function::kHardSigmoid, hard_sigmoid},
    FunctionEntry{Function::kHardSwish, [](T x, A) { return at::hardswish(x); }},
    FunctionEntry{Function::kSilu, [](T x, A) { return at::silu(x); }},
    FunctionEntry{Function::kTanh, [](T x, A) { return at::tanh(x); }},
    FunctionEntry{Function::kGelu, [](T x, A) { return at::gelu(x, "none"); }},
    FunctionEntry{Function::kGeluTanh, [](T x, A) { return at::gelu(x, "tanh"); }},
    FunctionEntry{Function::kErf, [](T x, A) { return at::erf(x); }},
    FunctionEntry{Function::kSqrt, [](T x, A) { return at::sqrt(x); }},
    FunctionEntry{Function::kExp, [](T x, A) { return at::exp(x); }},
    FunctionEntry{Function::kLog, [](T x, A) { return at::log(x); }},
    FunctionEntry{Function::kAbs, [](T x, A) { return at::abs(x); }},
    FunctionEntry{Function::kNeg, [](T x, A) { return at::neg(x); }},
    FunctionEntry{Function::kReciprocal, [](T x, A) { return at::reciprocal(x); }},
    FunctionEntry{Function::kSoftplus, [](T x, A) { return at::softplus(x); }},
    FunctionEntry{Function::kMish, [](T x, A) { return at::mish(x); }},
    FunctionEntry{Function::kFloor, [](T x, A) { return at::floor(x); }},
    FunctionEntry{Function::kCeil, [](T x, A) { return at::ceil(x); }},
    FunctionEntry{Function::kRound, [](T x, A) { return at::round(x); }},
};

Tensor activate(const Tensor& x, const Activation& f) {
  const auto entry = std::ranges::find(kFunctions, f.function, &FunctionEntry::function);
  require(entry != kFunctions.end(), ErrorKind::kUnsupported, "[train] the function {} is not known to the trainer",
          name(f.function));
  return entry->apply(x, f);
}

/// LibTorch's order: last axis first, (before, after) of each.
Tensor pad_image(const Tensor& x, const std::array<int, 4>& pads, double value) {
  if (pads == std::array<int, 4>{}) return x;
  return at::constant_pad_nd(x, Ints{pads[1], pads[3], pads[0], pads[2]}, value);
}

Ints ints(std::span<const int> from) { return Ints(from.begin(), from.end()); }

/// Gradients of strided depthwise convolutions take four times as long in bf16 as in f32 (measured with oneDNN 3.x).
bool wants_f32(const Conv2d& op, const OpContext& context) {
  return context.training && op.groups > 1 && (op.strides[0] > 1 || op.strides[1] > 1);
}

Tensors run(const Conv2d& op, Inputs in, const OpContext& context) {
  std::optional<c10::impl::ExcludeDispatchKeyGuard> no_autocast;
  if (wants_f32(op, context) && in[0].is_cpu()) no_autocast.emplace(c10::DispatchKey::AutocastCPU);
  const at::ScalarType type = no_autocast ? at::kFloat : in[0].scalar_type();
  const bool symmetric = op.pads[0] == op.pads[2] && op.pads[1] == op.pads[3];
  const Ints pads = symmetric ? Ints{op.pads[0], op.pads[1]} : Ints{0, 0};
  const Tensor x = (symmetric ? in[0] : pad_image(in[0], op.pads, 0)).to(type);
  Tensor y = at::conv2d(x, in[1], optional_input(in, 2), ints(op.strides), pads, ints(op.dilations), op.groups);
  if (op.residual) y = y + in[3];
  return {activate(y, op.act)};
}

Tensors run(const Gemm& op, Inputs in, const OpContext&) {
  const std::optional<Tensor> c = optional_input(in, 2);
  const bool plain = op.trans_b && !op.trans_a && op.alpha == 1 && op.beta == 1;
  if (plain && (!c || c->dim() == 1)) return {activate(at::linear(in[0], in[1], c), op.act)};
  const Tensor a = op.trans_a ? in[0].t() : in[0];
  const Tensor b = op.trans_b ? in[1].t() : in[1];
  Tensor y = at::matmul(a, b);
  if (op.alpha != 1) y = y * op.alpha;
  if (c) y = y + (op.beta == 1 ? *c : *c * op.beta);
  return {activate(y, op.act)};
}

Tensors run(const MatMul&, Inputs in, const OpContext&) { return {at::matmul(in[0], in[1])}; }

Tensors run(const BatchNorm& op, Inputs in, const OpContext& context) {
  // ONNX's momentum is the old part, LibTorch's the new one.
  const double rate = context.statistics_rate < 0 ? 1.0 - op.momentum : context.statistics_rate;
  const bool of_batch = context.training && !context.frozen_statistics;
  return {at::batch_norm(in[0], in[1], in[2], in[3], in[4], of_batch, rate, op.epsilon, false)};
}

Tensors run(const Unary& op, Inputs in, const OpContext& context) {
  Tensor x = in[0];
  if (context.in_place && op.fn.function == Function::kRelu) return {at::relu_(x)};
  if (context.in_place && op.fn.function == Function::kClip && op.fn.alpha < op.fn.beta) {
    return {at::hardtanh_(x, op.fn.alpha, op.fn.beta)};
  }
  return {activate(x, op.fn)};
}

Tensors run(const PRelu&, Inputs in, const OpContext&) { return {at::where(in[0] < 0, in[0] * in[1], in[0])}; }

struct BinaryEntry {
  BinaryKind kind;
  Tensor (*apply)(const Tensor&, const Tensor&);
};
constexpr std::array kBinaries = {
    BinaryEntry{BinaryKind::kAdd, [](T a, T b) { return at::add(a, b); }},
    BinaryEntry{BinaryKind::kSub, [](T a, T b) { return at::sub(a, b); }},
    BinaryEntry{BinaryKind::kMul, [](T a, T b) { return at::mul(a, b); }},
    BinaryEntry{
        BinaryKind::kDiv,
        [](T a, T b) { return at::isIntegralType(a.scalar_type(), false) ? at::div(a, b, "trunc") : at::div(a, b); }},
    BinaryEntry{BinaryKind::kMax, [](T a, T b) { return at::maximum(a, b); }},
    BinaryEntry{BinaryKind::kMin, [](T a, T b) { return at::minimum(a, b); }},
    BinaryEntry{BinaryKind::kPow, [](T a, T b) { return at::pow(a, b); }},
};

Tensors run(const Binary& op, Inputs in, const OpContext&) {
  const auto entry = std::ranges::find(kBinaries, op.kind, &BinaryEntry::kind);
  return {activate(entry->apply(in[0], in[1]), op.act)};
}

/// Padding that a window pass needs so that rounding down gives `out` positions: the graph's rule, whatever ceil_mode.
std::array<int, 4> pads_for(const Pool& op, const Tensor& x, const OpContext& context) {
  std::array<int, 4> pads = op.pads;
  for (std::size_t i = 0; i < 2 && context.out_shape; ++i) {
    const int out = static_cast<int>((*context.out_shape)[static_cast<int>(i) + 2]);
    const int reach = (out - 1) * op.strides[i] + op.dilations[i] * (op.kernel[i] - 1) + 1;
    pads[i + 2] =
        std::max(op.pads[i + 2], reach - static_cast<int>(x.size(static_cast<std::int64_t>(i) + 2)) - op.pads[i]);
  }
  return pads;
}

bool plain_window(const Pool& op, const std::array<int, 4>& pads) {
  return pads == op.pads && pads[0] == pads[2] && pads[1] == pads[3] && 2 * pads[0] <= op.kernel[0] &&
         2 * pads[1] <= op.kernel[1];
}

/// Sums over windows as a convolution of every channel with ones: any padding and dilation.
Tensor window_sum(const Pool& op, const Tensor& x) {
  const Tensor ones = at::ones({1, 1, op.kernel[0], op.kernel[1]}, x.options());
  const Tensor flat = x.reshape({x.size(0) * x.size(1), 1, x.size(2), x.size(3)});
  const Tensor sums = at::conv2d(flat, ones, {}, ints(op.strides), Ints{0, 0}, ints(op.dilations));
  return sums.reshape({x.size(0), x.size(1), sums.size(2), sums.size(3)});
}

Tensor average_pool(const Pool& op, const Tensor& x, const std::array<int, 4>& pads) {
  if (plain_window(op, pads) && op.dilations == std::array<int, 2>{1, 1}) {
    return at::avg_pool2d(x, ints(op.kernel), ints(op.strides), Ints{pads[0], pads[1]}, false, op.count_include_pad);
  }
  Tensor counted = at::ones({1, 1, x.size(2), x.size(3)}, x.options());
  counted = pad_image(counted, op.pads, op.count_include_pad ? 1 : 0);
  const std::array<int, 4> overhang = {0, 0, pads[2] - op.pads[2], pads[3] - op.pads[3]};
  return window_sum(op, pad_image(x, pads, 0)) / window_sum(op, pad_image(counted, overhang, 0));
}

Tensors run(const Pool& op, Inputs in, const OpContext& context) {
  const std::array<int, 4> pads = pads_for(op, in[0], context);
  if (op.kind == PoolKind::kAverage) return {average_pool(op, in[0], pads)};
  const bool plain = plain_window(op, pads);
  const Tensor x = plain ? in[0] : pad_image(in[0], pads, -std::numeric_limits<double>::infinity());
  const Ints inside = plain ? Ints{pads[0], pads[1]} : Ints{0, 0};
  return {at::max_pool2d(x, ints(op.kernel), ints(op.strides), inside, ints(op.dilations))};
}

Tensors run(const GlobalPool& op, Inputs in, const OpContext&) {
  const Ints axes = {2, 3};
  return {op.kind == PoolKind::kMax ? at::amax(in[0], axes, true) : at::mean(in[0], axes, true)};
}

Tensors run(const Concat& op, Inputs in, const OpContext&) {
  return {at::cat(at::ITensorListRef(at::TensorList(in.data(), in.size())), op.axis)};
}

Tensors run(const Split& op, Inputs in, const OpContext&) { return at::split_with_sizes(in[0], op.sizes, op.axis); }

Tensor take(const Tensor& x, std::int64_t axis, const Ints& indices) {
  return at::index_select(x, axis, at::tensor(indices, at::kLong).to(x.device()));
}

Tensors run(const Slice& op, Inputs in, const OpContext&) {
  Tensor x = in[0];
  for (std::size_t i = 0; i < op.axes.size(); ++i) {
    const std::int64_t axis = op.axes[i], step = op.steps.empty() ? 1 : op.steps[i], n = x.size(axis);
    const auto clamped = [n](std::int64_t at, std::int64_t low, std::int64_t high) {
      return std::clamp(at < 0 ? at + n : at, low, high);
    };
    if (step > 0) {
      const std::int64_t start = clamped(op.starts[i], 0, n);
      x = at::slice(x, axis, start, std::max(start, clamped(op.ends[i], 0, n)), step);
      continue;
    }
    Ints indices;  // LibTorch has no negative steps
    const std::int64_t end = op.ends[i] < -n ? -1 : clamped(op.ends[i], -1, n - 1);
    for (std::int64_t at = clamped(op.starts[i], 0, n - 1); at > end; at += step) indices.push_back(at);
    x = take(x, axis, indices);
  }
  return {x};
}

Tensors run(const Reshape& op, Inputs in, const OpContext&) {
  Ints dims = op.dims;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0) dims[i] = in[0].size(static_cast<std::int64_t>(i));
  }
  return {in[0].reshape(dims)};
}

Tensors run(const Flatten& op, Inputs in, const OpContext&) {
  const auto sizes = in[0].sizes();
  const auto middle = sizes.begin() + op.axis;
  const auto product = [](auto from, auto to) {
    return std::accumulate(from, to, std::int64_t{1}, std::multiplies<>());
  };
  return {in[0].reshape({product(sizes.begin(), middle), product(middle, sizes.end())})};
}

Tensors run(const Squeeze& op, Inputs in, const OpContext&) { return {at::squeeze(in[0], op.axes)}; }

Tensors run(const Unsqueeze& op, Inputs in, const OpContext&) {
  Ints axes = op.axes;
  std::ranges::sort(axes);
  Tensor x = in[0];
  for (const std::int64_t axis : axes) x = at::unsqueeze(x, axis);
  return {x};
}

Tensors run(const Transpose& op, Inputs in, const OpContext&) { return {in[0].permute(op.perm)}; }

Tensors run(const Reduce& op, Inputs in, const OpContext&) {
  Ints axes = op.axes;
  if (axes.empty()) {
    axes.resize(static_cast<std::size_t>(in[0].dim()));
    std::iota(axes.begin(), axes.end(), 0);
  }
  switch (op.kind) {
    case ReduceKind::kMean:
      return {at::mean(in[0], axes, op.keep_dims)};
    case ReduceKind::kSum:
      return {at::sum(in[0], axes, op.keep_dims)};
    case ReduceKind::kMax:
      return {at::amax(in[0], axes, op.keep_dims)};
  }
  fail(ErrorKind::kInternal, "[train] an unknown reduction");
}

Tensors run(const Softmax& op, Inputs in, const OpContext&) {
  return {op.log ? at::log_softmax(in[0], op.axis) : at::softmax(in[0], op.axis)};
}

std::int64_t mirrored(std::int64_t i, std::int64_t n) {
  const std::int64_t period = std::max<std::int64_t>(2 * (n - 1), 1);
  const std::int64_t at = (i % period + period) % period;
  return at < n ? at : period - at;
}

std::int64_t source_index(PadMode mode, std::int64_t i, std::int64_t n) {
  if (mode == PadMode::kReflect) return mirrored(i, n);
  if (mode == PadMode::kWrap) return (i % n + n) % n;
  return std::clamp<std::int64_t>(i, 0, n - 1);
}

Tensors run(const Pad& op, Inputs in, const OpContext&) {
  Tensor x = in[0];
  if (op.mode == PadMode::kConstant) {
    Ints pads;
    for (std::size_t i = op.before.size(); i-- > 0;) pads.insert(pads.end(), {op.before[i], op.after[i]});
    return {at::constant_pad_nd(x, pads, op.value)};
  }
  for (std::size_t axis = 0; axis < op.before.size(); ++axis) {
    if (op.before[axis] == 0 && op.after[axis] == 0) continue;
    const std::int64_t n = x.size(static_cast<std::int64_t>(axis));
    Ints indices;
    for (std::int64_t i = -op.before[axis]; i < n + op.after[axis]; ++i) indices.push_back(source_index(op.mode, i, n));
    x = take(x, static_cast<std::int64_t>(axis), indices);
  }
  return {x};
}

Tensors run(const Identity&, Inputs in, const OpContext&) { return {in[0]}; }

Tensors run(const Dropout& op, Inputs in, const OpContext& context) {
  return {context.training ? at::dropout(in[0], op.ratio, true) : in[0]};
}

Tensors run(const Cast& op, Inputs in, const OpContext&) { return {in[0].to(torch_type(op.to))}; }

Tensors run(const Quantize& op, Inputs in, const OpContext& context) {
  if (context.whole_pairs) return {in[0]};
  return {quantized(op, in[0], in[1], optional_input(in, 2), context.fake_quantization)};
}

Tensors run(const Dequantize& op, Inputs in, const OpContext& context) {
  if (context.whole_pairs) return {rounded(context.stored, op.axis, in[0], in[1], optional_input(in, 2))};
  return {dequantized(op, in[0], in[1], optional_input(in, 2), context.fake_quantization)};
}

Tensors run(const Lrn& op, Inputs in, const OpContext&) {
  const std::int64_t before = (op.size - 1) / 2, after = op.size - 1 - before;
  const Tensor squares = at::constant_pad_nd((in[0] * in[0]).unsqueeze(1), Ints{0, 0, 0, 0, before, after}, 0);
  const Tensor mean = at::avg_pool3d(squares, Ints{op.size, 1, 1}, Ints{1, 1, 1}).squeeze(1);
  return {in[0] / at::pow(mean * op.alpha + op.bias, op.beta)};
}

/// Mean and variance by hand: the axes need not be the last.
Tensors run(const LayerNorm& op, Inputs in, const OpContext&) {
  const Tensor centred = in[0] - at::mean(in[0], op.axes, true);
  Tensor y = centred * at::rsqrt(at::mean(centred * centred, op.axes, true) + op.epsilon);
  Ints shape(static_cast<std::size_t>(in[0].dim()), 1);
  for (const std::int64_t axis : op.axes) shape[static_cast<std::size_t>(axis)] = in[0].size(axis);
  if (const auto scale = optional_input(in, 1)) y = y * scale->reshape(shape);
  if (const auto bias = optional_input(in, 2)) y = y + bias->reshape(shape);
  return {y};
}

Tensors run(const ChannelShuffle& op, Inputs in, const OpContext&) {
  const Tensor rows = in[0].reshape({in[0].size(0), op.groups, in[0].size(1) / op.groups, -1});
  return {rows.transpose(1, 2).reshape(in[0].sizes())};
}

Tensors run(const ArgMax& op, Inputs in, const OpContext&) {
  if (!op.select_last) return {at::argmax(in[0], op.axis, op.keep_dims)};
  return {in[0].size(op.axis) - 1 - at::argmax(in[0].flip(op.axis), op.axis, op.keep_dims)};
}

Tensors run(const Resize& op, Inputs in, const OpContext&) {
  Tensor x = in[0];
  const Shape shape(Ints(x.sizes().begin(), x.sizes().end()));
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const fovea::Tensor weights = resize_weights(op, shape, axis);
    if (!weights.empty()) x = at::tensordot(x, to_torch(weights).to(x), {axis}, {1}).movedim(-1, axis);
  }
  return {x};
}

Tensors run(const PixelsToTensor& op, Inputs in, const OpContext&) {
  return {normalized(in[0], {op.scale, op.mean, op.std})};
}

Tensors run(const Region&, Inputs, const OpContext&) {
  fail(ErrorKind::kUnsupported, "[train] a compiled region can't be trained");
}

}  // namespace

Tensors run_op(const Op& op, std::span<const at::Tensor> inputs, const OpContext& context) {
  return std::visit([&](const auto& o) { return run(o, inputs, context); }, op);
}

bool has_gradient(const Op& op) {
  if (std::holds_alternative<ArgMax>(op)) return false;
  if (const auto* cast = std::get_if<Cast>(&op)) return is_float(cast->to);
  if (const auto* unary = std::get_if<Unary>(&op)) {
    return unary->fn.function != Function::kFloor && unary->fn.function != Function::kCeil &&
           unary->fn.function != Function::kRound;
  }
  return true;
}

}  // namespace fovea::train
