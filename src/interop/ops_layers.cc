// Convolution, fully connected layers, normalisation and pooling: ONNX attributes to the fields of an op.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "interop/importer.h"

namespace fovea::interop {
namespace {

std::array<int, 2> pair_of(const Importer& in, std::string_view name, int otherwise) {
  const std::vector<std::int64_t> values = in.integers(name);
  if (values.empty()) return {otherwise, otherwise};
  if (values.size() != 2)
    in.unsupported(fmt::format("{} has {} values, expected 2 (images only)", name, values.size()));
  for (const std::int64_t value : values)
    if (value < 1 || value > 1 << 20) in.unsupported(fmt::format("{} is {}", name, value));
  return {static_cast<int>(values[0]), static_cast<int>(values[1])};
}

void require_image(const Importer& in, int i) {
  if (in.rank(i) != 4) in.unsupported(fmt::format("input has shape {}, expected n×c×h×w", in.shape(i).str()));
}

/// ONNX pads are (top, left, bottom, right); auto_pad SAME puts the odd one at the end (UPPER) or the start (LOWER).
std::array<int, 4> pads_of(const Importer& in, const std::array<int, 2>& kernel, const std::array<int, 2>& strides,
                           const std::array<int, 2>& dilations) {
  const std::string mode = in.text("auto_pad", "NOTSET");
  std::array<int, 4> pads = {0, 0, 0, 0};
  if (mode == "VALID") return pads;
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::int64_t size = in.shape(0)[static_cast<int>(axis) + 2];
      const std::int64_t out = (size + strides[axis] - 1) / strides[axis];
      const std::int64_t reach = std::int64_t{kernel[axis] - 1} * dilations[axis] + 1;
      const auto total = static_cast<int>(std::max<std::int64_t>(0, (out - 1) * strides[axis] + reach - size));
      pads[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      pads[axis + 2] = total - pads[axis];
    }
    return pads;
  }
  if (mode != "NOTSET" && !mode.empty()) in.unsupported("auto_pad is " + mode);
  const std::vector<std::int64_t> given = in.integers("pads");
  if (given.empty()) return pads;
  if (given.size() != 4) in.unsupported(fmt::format("pads has {} values, expected 4", given.size()));
  for (std::size_t i = 0; i < 4; ++i) {
    if (std::abs(given[i]) > 1 << 20) in.unsupported(fmt::format("a pad is {}", given[i]));
    pads[i] = static_cast<int>(given[i]);
  }
  return pads;
}

void conv(Importer& in) {
  require_image(in, 0);
  if (in.rank(1) != 4) in.unsupported(fmt::format("the filter has shape {}", in.shape(1).str()));
  Conv2d op;
  op.strides = pair_of(in, "strides", 1);
  op.dilations = pair_of(in, "dilations", 1);
  op.groups = static_cast<int>(in.integer("group", 1));
  const std::array<int, 2> kernel = {static_cast<int>(in.shape(1)[2]), static_cast<int>(in.shape(1)[3])};
  op.pads = pads_of(in, kernel, op.strides, op.dilations);
  in.emit(op, {in.input(0), in.input(1), in.input_or_none(2)});
}

void gemm(Importer& in) {
  Gemm op;
  op.trans_a = in.integer("transA", 0) != 0;
  op.trans_b = in.integer("transB", 0) != 0;
  op.alpha = in.real("alpha", 1);
  op.beta = in.real("beta", 1);
  in.emit(op, {in.input(0), in.input(1), in.input_or_none(2)});
}

void matmul(Importer& in) { in.emit(MatMul{}, {in.input(0), in.input(1)}); }

void batch_normalization(Importer& in) {
  if (in.integer("training_mode", 0) != 0) in.unsupported("training_mode is set: the file is no inference model");
  if (in.opset() < 9 && in.integer("spatial", 1) == 0) in.unsupported("spatial=0");
  BatchNorm op;
  op.epsilon = in.real("epsilon", 1e-5F);
  op.momentum = in.real("momentum", 0.9F);
  in.emit(op, {in.input(0), in.input(1), in.input(2), in.input(3), in.input(4)});
}

template <PoolKind kKind>
void pool(Importer& in) {
  require_image(in, 0);
  if (in.node().output_size() > 1 && !in.node().output(1).empty()) in.unsupported("the output Indices is used");
  if (in.integer("storage_order", 0) != 0) in.unsupported("storage_order=1");
  Pool op;
  op.kind = kKind;
  op.kernel = pair_of(in, "kernel_shape", 1);
  op.strides = pair_of(in, "strides", 1);
  op.dilations = pair_of(in, "dilations", 1);
  op.pads = pads_of(in, op.kernel, op.strides, op.dilations);
  op.ceil_mode = in.integer("ceil_mode", 0) != 0;
  op.count_include_pad = in.integer("count_include_pad", 0) != 0;
  in.emit(op, {in.input(0)});
}

template <PoolKind kKind>
void global_pool(Importer& in) {
  require_image(in, 0);
  in.emit(GlobalPool{kKind}, {in.input(0)});
}

void lrn(Importer& in) {
  Lrn op;
  op.size = static_cast<int>(in.integer("size", 5));
  op.alpha = in.real("alpha", 1e-4F);
  op.beta = in.real("beta", 0.75F);
  op.bias = in.real("bias", 1);
  in.emit(op, {in.input(0)});
}

/// Before opset 13 the axis split the tensor into two halves and the softmax ran over all of the second.
template <bool kLog>
void softmax(Importer& in) {
  const int rank = in.rank(0);
  const int axis = normal_axis(in.integer("axis", in.opset() < 13 ? 1 : -1), rank);
  if (in.opset() >= 13 || axis == rank - 1) return in.emit(Softmax{axis, kLog}, {in.input(0)});
  const ValueId flat = in.add(Flatten{axis}, {in.input(0)});
  const ValueId soft = in.add(Softmax{1, kLog}, {flat});
  std::vector<std::int64_t> dims(in.shape(0).begin(), in.shape(0).end());
  if (axis > 0) dims[0] = axis == 1 ? 0 : dims[0];
  in.emit(Reshape{dims}, {soft});
}

void quantize_linear(Importer& in) {
  if (in.integer("block_size", 0) != 0) in.unsupported("blocked quantisation");
  Quantize op;
  op.axis = in.rank(1) == 0 || in.rank(0) == 0 ? 1 : normal_axis(in.integer("axis", 1), std::max(in.rank(0), 2));
  op.to = in.has_input(2) ? in.value(2).dtype : DType::kU8;
  in.emit(op, {in.input(0), in.input(1), in.input_or_none(2)});
}

void dequantize_linear(Importer& in) {
  if (in.integer("block_size", 0) != 0) in.unsupported("blocked quantisation");
  Dequantize op;
  op.axis = in.rank(1) == 0 || in.rank(0) == 0 ? 1 : normal_axis(in.integer("axis", 1), std::max(in.rank(0), 2));
  in.emit(op, {in.input(0), in.input(1), in.input_or_none(2)});
}

constexpr HandlerRow kHandlers[] = {
    {"Conv", conv},
    {"Gemm", gemm},
    {"MatMul", matmul},
    {"BatchNormalization", batch_normalization},
    {"MaxPool", pool<PoolKind::kMax>},
    {"AveragePool", pool<PoolKind::kAverage>},
    {"GlobalMaxPool", global_pool<PoolKind::kMax>},
    {"GlobalAveragePool", global_pool<PoolKind::kAverage>},
    {"LRN", lrn},
    {"Softmax", softmax<false>},
    {"LogSoftmax", softmax<true>},
    {"QuantizeLinear", quantize_linear},
    {"DequantizeLinear", dequantize_linear},
};

}  // namespace

std::span<const HandlerRow> layer_handlers() { return kHandlers; }

}  // namespace fovea::interop
