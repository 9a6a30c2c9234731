// Convolution, fully connected layers and pooling: ONNX attributes to the fields of an op.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "interop/importer.h"
#include "interop/window_attributes.h"

namespace fovea::interop {
namespace {

/// Along a line (gates over neighbouring channels): images and filters of height 1.
void conv_of_lines(Importer& in) {
  const ValueId x = in.add(Unsqueeze{{2}}, {in.input(0)}), filter = in.add(Unsqueeze{{2}}, {in.input(1)});
  const ValueId y = in.add(window_fields(in, 1), {x, filter, in.input_or_none(2)});
  in.emit(Squeeze{{2}}, {y});
}

void conv(Importer& in) {
  if (in.rank(0) == 3 && in.rank(1) == 3) return conv_of_lines(in);
  in.emit(conv_fields(in, 1), {in.input(0), in.input(1), in.input_or_none(2)});
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

/// (Σ |x|^p)^(1/p) over a window, by average pooling that counts padding.
void lp_pool(Importer& in) {
  require_image(in, 0);
  Pool op;
  op.kind = PoolKind::kAverage;
  op.kernel = pair_of(in, "kernel_shape", 1);
  op.strides = pair_of(in, "strides", 1);
  op.dilations = pair_of(in, "dilations", 1);
  op.pads = pads_of(in, op.kernel, op.strides, op.dilations);
  op.ceil_mode = in.integer("ceil_mode", 0) != 0;
  op.count_include_pad = true;
  const auto p = static_cast<float>(in.integer("p", 2));
  const auto number = [&](float value) { return in.add_constant(Tensor::scalar(value)); };
  const ValueId size = in.add(Unary{{Function::kAbs}}, {in.input(0)});
  const ValueId power = in.add(Binary{BinaryKind::kPow, {}}, {size, number(p)});
  const ValueId mean = in.add(op, {power});
  const ValueId sum =
      in.add(Binary{BinaryKind::kMul, {}}, {mean, number(static_cast<float>(op.kernel[0] * op.kernel[1]))});
  in.emit(Binary{BinaryKind::kPow, {}}, {sum, number(1 / p)});
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

constexpr HandlerRow kHandlers[] = {
    {"Conv", conv},
    {"Gemm", gemm},
    {"MatMul", matmul},
    {"MaxPool", pool<PoolKind::kMax>},
    {"AveragePool", pool<PoolKind::kAverage>},
    {"GlobalMaxPool", global_pool<PoolKind::kMax>},
    {"GlobalAveragePool", global_pool<PoolKind::kAverage>},
    {"LpPool", lp_pool},
    {"LRN", lrn},
    {"Softmax", softmax<false>},
    {"LogSoftmax", softmax<true>},
};

}  // namespace

std::span<const HandlerRow> layer_handlers() { return kHandlers; }

}  // namespace fovea::interop
