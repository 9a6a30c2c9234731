// Quantisation in its three ONNX forms. Layers on integers become the float layer between dequantize and quantize, from
// which the passes make 8-bit types again, as they do for Q/DQ files.
#include <algorithm>

#include "base/error.h"
#include "graph/ops/strided.h"
#include "interop/importer.h"
#include "interop/tensor_proto.h"
#include "interop/window_attributes.h"

namespace fovea::interop {
namespace {

int quantization_axis(const Importer& in, int scale) {
  if (in.rank(scale) == 0 || in.rank(0) == 0) return 1;
  return normal_axis(in.integer("axis", 1), std::max(in.rank(0), 2));
}

void quantize_linear(Importer& in) {
  if (in.integer("block_size", 0) != 0) in.unsupported("blocked quantisation");
  Quantize op;
  op.axis = quantization_axis(in, 1);
  op.to = in.has_input(2) ? in.value(2).dtype : DType::kU8;
  if (const auto* type = in.attribute("output_dtype"); type != nullptr && type->i() != 0 && !in.has_input(2))
    op.to = dtype_of(static_cast<int>(type->i()), "QuantizeLinear");
  if (op.to == DType::kF8 && in.integer("saturate", 1) == 0) in.unsupported("saturate is 0: FP8 saturates here");
  in.emit(op, {in.input(0), in.input(1), in.input_or_none(2)});
}

/// Weights as u8 around 128 are s8 around 0, which every 8-bit layer takes.
void make_signed(Importer& in, ValueId& weights, ValueId& zero) {
  const Value& stored = in.graph().value(weights);
  if (zero == kNoValue || stored.dtype != DType::kU8 || stored.constant.empty()) return;
  const Tensor points = in.graph().value(zero).constant;
  if (points.empty() || points.dtype() != DType::kU8) return;
  if (!std::ranges::all_of(points.data<std::uint8_t>(), [](int point) { return point == 128; })) return;
  const Tensor from = stored.constant;
  Tensor made(DType::kS8, from.shape());
  std::ranges::transform(from.data<std::uint8_t>(), made.data<std::int8_t>().begin(),
                         [](int value) { return static_cast<std::int8_t>(value - 128); });
  weights = in.add_constant(made);
  zero = in.add_constant(Tensor::zeros(DType::kS8, points.shape()));
}

void dequantize_linear(Importer& in) {
  if (in.integer("block_size", 0) != 0) in.unsupported("blocked quantisation");
  ValueId stored = in.input(0), zero = in.input_or_none(2);
  make_signed(in, stored, zero);
  in.emit(Dequantize{quantization_axis(in, 1)}, {stored, in.input(1), zero});
}

/// A zero point that stands for all channels, once per channel; scales of shape [.., n] as [n].
ValueId like_scale(Importer& in, ValueId zero, ValueId scale) {
  if (zero == kNoValue) return kNoValue;
  const Shape& wanted = in.graph().value(scale).shape;
  const Value& given = in.graph().value(zero);
  if (given.shape.elements() == wanted.elements()) return zero;
  if (!given.is_constant()) in.unsupported("one zero point for many scales is known at run time only");
  return in.add_constant(broadcast_to(given.constant.reshaped({given.shape.elements()}), wanted));
}

ValueId flat(Importer& in, ValueId id) {
  return in.graph().value(id).shape.rank() <= 1 ? id : in.add(Reshape{{-1}}, {id});
}

/// Inputs i, i + 1, i + 2 are integers, scale and zero point.
ValueId real(Importer& in, int i, int axis) {
  const ValueId scale = flat(in, in.input(i + 1));
  ValueId stored = in.input(i), zero = in.has_input(i + 2) ? flat(in, in.input(i + 2)) : kNoValue;
  make_signed(in, stored, zero);
  return in.add(Dequantize{axis}, {stored, scale, like_scale(in, zero, scale)});
}

/// Integers as real numbers of step 1; input `zero` is their zero point.
ValueId counted(Importer& in, int i, int zero, int axis) {
  if (is_float(in.value(i).dtype)) return in.input(i);  // see dynamic_quantize_linear
  const ValueId point = in.has_input(zero) ? flat(in, in.input(zero)) : kNoValue;
  const Shape shape = point == kNoValue ? Shape{} : in.graph().value(point).shape;
  const ValueId one = in.add_constant(broadcast_to(Tensor::scalar(1), shape));
  return in.add(Dequantize{axis}, {in.input(i), one, point});
}

void emit_quantized(Importer& in, ValueId y, int scale, int zero, int axis = 1) {
  Quantize op;
  op.axis = axis;
  op.to = in.has_input(zero) ? in.value(zero).dtype : in.value(0).dtype;
  in.emit(op, {y, flat(in, in.input(scale)), in.has_input(zero) ? flat(in, in.input(zero)) : kNoValue});
}

/// The bias is s32 in steps of x scale · w scale.
ValueId real_bias(Importer& in, int bias, int x_scale, int w_scale) {
  if (!in.has_input(bias)) return kNoValue;
  const Tensor *b = in.constant(bias), *x = in.constant(x_scale), *w = in.constant(w_scale);
  if (b == nullptr || x == nullptr || w == nullptr) in.unsupported("its bias is known at run time only");
  Tensor made = to_f32(*b).clone();
  const Tensor factor = to_f32(*w);
  const auto count = static_cast<std::size_t>(factor.elements());
  require(count == 1 || count == made.data<float>().size(), ErrorKind::kInvalidArgument, "{} scales for {} biases",
          count, made.elements());
  for (std::size_t i = 0; i < made.data<float>().size(); ++i)
    made.data<float>()[i] *= to_f32(*x).data<float>()[0] * factor.data<float>()[count == 1 ? 0 : i];
  return in.add_constant(made);
}

void qlinear_conv(Importer& in) {
  const Conv2d op = conv_fields(in, 3);
  const ValueId x = real(in, 0, 1), w = real(in, 3, 0);
  emit_quantized(in, in.add(op, {x, w, real_bias(in, 8, 1, 4)}), 6, 7);
}

void qlinear_matmul(Importer& in) {
  const ValueId a = real(in, 0, std::max(0, in.rank(0) - 2)), b = real(in, 3, std::max(0, in.rank(3) - 1));
  emit_quantized(in, in.add(MatMul{}, {a, b}), 6, 7);
}

/// com.microsoft: a, a scale, a zero, b, b scale, b zero, c (s32), y scale, y zero.
void qgemm(Importer& in) {
  Gemm op;
  op.trans_a = in.integer("transA", 0) != 0;
  op.trans_b = in.integer("transB", 0) != 0;
  op.alpha = in.real("alpha", 1);
  const ValueId a = real(in, 0, 1), b = real(in, 3, op.trans_b ? 0 : 1);
  const ValueId y = in.add(op, {a, b, real_bias(in, 6, 1, 4)});
  if (!in.has_input(7)) return in.emit_value(y);
  emit_quantized(in, y, 7, 8);
}

/// com.microsoft: a and b with scales and zero points, then those of y.
template <BinaryKind kKind>
void qlinear_binary(Importer& in) {
  emit_quantized(in, in.add(Binary{kKind, {}}, {real(in, 0, 1), real(in, 3, 1)}), 6, 7);
}

void qlinear_global_average_pool(Importer& in) {
  if (in.integer("channels_last", 0) != 0) in.unsupported("channels_last=1");
  require_image(in, 0);
  emit_quantized(in, in.add(GlobalPool{PoolKind::kAverage}, {real(in, 0, 1)}), 3, 4);
}

void qlinear_sigmoid(Importer& in) { emit_quantized(in, in.add(Unary{{Function::kSigmoid}}, {real(in, 0, 1)}), 3, 4); }

void qlinear_leaky_relu(Importer& in) {
  const Activation fn = {Function::kLeakyRelu, in.real("alpha", 0.01F)};
  emit_quantized(in, in.add(Unary{fn}, {real(in, 0, 1)}), 3, 4);
}

/// com.microsoft: y scale, y zero, then three per part.
void qlinear_concat(Importer& in) {
  std::vector<ValueId> parts;
  for (int i = 2; i + 2 < in.input_count(); i += 3) parts.push_back(real(in, i, 1));
  require(!parts.empty(), ErrorKind::kCorruptFile, "it joins nothing");
  const int axis = normal_axis(in.integer("axis", 1), in.graph().value(parts[0]).shape.rank());
  emit_quantized(in, in.add(Concat{axis}, parts), 0, 1);
}

void conv_integer(Importer& in) {
  const Conv2d op = conv_fields(in, 1);
  const bool folded = is_float(in.value(0).dtype);
  const ValueId y = in.add(op, {counted(in, 0, 2, 1), counted(in, 1, 3, 0)});
  if (folded) return in.emit_value(y);
  in.emit(Cast{DType::kS32}, {y});
}

void matmul_integer(Importer& in) {
  const bool folded = is_float(in.value(0).dtype);
  const ValueId a = counted(in, 0, 2, std::max(0, in.rank(0) - 2));
  const ValueId y = in.add(MatMul{}, {a, counted(in, 1, 3, std::max(0, in.rank(1) - 1))});
  if (folded) return in.emit_value(y);
  in.emit(Cast{DType::kS32}, {y});
}

/// As ONNX defines it: scale = (max(x, 0) − min(x, 0)) / 255, zero = round(−min / scale).
void emit_dynamic(Importer& in) {
  const ValueId x = in.input(0), none = in.add_constant(Tensor::scalar(0));
  const auto number = [&](float value) { return in.add_constant(Tensor::scalar(value)); };
  const auto binary = [&](BinaryKind kind, ValueId a, ValueId b) { return in.add(Binary{kind, {}}, {a, b}); };
  const auto unary = [&](Activation fn, ValueId a) { return in.add(Unary{fn}, {a}); };
  const Reduce most{ReduceKind::kMax, {}, false};
  const ValueId high = binary(BinaryKind::kMax, in.add(most, {x}), none);
  const ValueId low = binary(BinaryKind::kMax, in.add(most, {unary({Function::kNeg}, x)}), none);  // −min
  const ValueId scale = binary(BinaryKind::kDiv, binary(BinaryKind::kAdd, high, low), number(255));
  const ValueId place = unary({Function::kRound}, binary(BinaryKind::kDiv, low, scale));
  const ValueId zero = in.add(Cast{DType::kU8}, {unary({Function::kClip, 0, 255}, place)});
  in.emit_value(scale, 1);
  in.emit_value(zero, 2);
  in.emit_value(in.add(Quantize{DType::kU8, 1}, {x, scale, zero}), 0);
}

/// Where only integer layers read it, x itself goes on, "quantised" with scale 1: the weights carry what the layer's
/// result is scaled with afterwards, and calibration finds one range for all images instead of one per image.
void dynamic_quantize_linear(Importer& in) {
  require(in.node().output_size() == 3, ErrorKind::kCorruptFile, "{} outputs, expected 3", in.node().output_size());
  const std::vector<std::string_view> readers = in.readers(in.node().output(0));
  const bool layers = !readers.empty() && std::ranges::all_of(readers, [](std::string_view op) {
    return op == "ConvInteger" || op == "MatMulInteger";
  });
  if (!layers) return emit_dynamic(in);
  in.emit_value(in.input(0), 0);
  in.emit_value(in.add_constant(Tensor::scalar(1)), 1);
  in.emit_value(in.add_constant(Tensor::of<std::uint8_t>({}, {0})), 2);
}

constexpr HandlerRow kHandlers[] = {
    {"QuantizeLinear", quantize_linear},
    {"DequantizeLinear", dequantize_linear},
    {"QLinearConv", qlinear_conv},
    {"QLinearMatMul", qlinear_matmul},
    {"ConvInteger", conv_integer},
    {"MatMulInteger", matmul_integer},
    {"DynamicQuantizeLinear", dynamic_quantize_linear},
};

/// ONNX Runtime's own, of files that its quantiser wrote in the operator form.
constexpr HandlerRow kMicrosoft[] = {
    {"QGemm", qgemm},
    {"QLinearAdd", qlinear_binary<BinaryKind::kAdd>},
    {"QLinearMul", qlinear_binary<BinaryKind::kMul>},
    {"QLinearGlobalAveragePool", qlinear_global_average_pool},
    {"QLinearSigmoid", qlinear_sigmoid},
    {"QLinearLeakyRelu", qlinear_leaky_relu},
    {"QLinearConcat", qlinear_concat},
    {"QuantizeLinear", quantize_linear},
    {"DequantizeLinear", dequantize_linear},
};

}  // namespace

std::span<const HandlerRow> quantized_handlers() { return kHandlers; }
std::span<const HandlerRow> microsoft_handlers() { return kMicrosoft; }

}  // namespace fovea::interop
