#include "graph/builder.h"

#include <algorithm>

namespace fovea {
namespace {

Tensor filled(Shape shape, float value) {
  Tensor tensor(DType::kF32, std::move(shape));
  std::ranges::fill(tensor.data<float>(), value);
  return tensor;
}

}  // namespace

ValueId GraphBuilder::input(std::string name, Shape shape, DType dtype) {
  return graph_.add_input(std::move(name), dtype, std::move(shape));
}

ValueId GraphBuilder::constant(std::string name, Tensor tensor) {
  return graph_.add_constant(std::move(name), std::move(tensor));
}

ValueId GraphBuilder::conv(const std::string& name, ValueId x, std::int64_t out_channels, const ConvOptions& options) {
  const int pad = options.pad < 0 ? options.kernel / 2 : options.pad;
  const std::int64_t in_channels = graph_.value(x).shape.dims().at(1);
  Conv2d op;
  op.strides = {options.stride, options.stride};
  op.pads = {pad, pad, pad, pad};
  op.groups = options.groups;
  const Shape filter = {out_channels, in_channels / std::max(options.groups, 1), options.kernel, options.kernel};
  std::vector<ValueId> inputs = {x, constant(name + ".weight", Tensor::zeros(DType::kF32, filter))};
  if (options.bias) inputs.push_back(constant(name + ".bias", filled({out_channels}, 0)));
  return node(op, std::move(inputs), name);
}

ValueId GraphBuilder::batch_norm(const std::string& name, ValueId x) {
  const Shape channels = {graph_.value(x).shape.dims().at(1)};
  const ValueId scale = constant(name + ".weight", filled(channels, 1));
  const ValueId bias = constant(name + ".bias", filled(channels, 0));
  const ValueId mean = constant(name + ".running_mean", filled(channels, 0));
  const ValueId variance = constant(name + ".running_var", filled(channels, 1));
  return node(BatchNorm{}, {x, scale, bias, mean, variance}, name);
}

ValueId GraphBuilder::unary(const std::string& name, ValueId x, Activation fn) { return node(Unary{fn}, {x}, name); }

ValueId GraphBuilder::add(const std::string& name, ValueId a, ValueId b) {
  return node(Binary{BinaryKind::kAdd, {}}, {a, b}, name);
}

ValueId GraphBuilder::max_pool(const std::string& name, ValueId x, int kernel, int stride, int pad) {
  Pool op;
  op.kernel = {kernel, kernel};
  op.strides = {stride, stride};
  op.pads = {pad, pad, pad, pad};
  return node(op, {x}, name);
}

ValueId GraphBuilder::global_average_pool(const std::string& name, ValueId x) {
  return node(GlobalPool{PoolKind::kAverage}, {x}, name);
}

ValueId GraphBuilder::flatten(const std::string& name, ValueId x) { return node(Flatten{}, {x}, name); }

ValueId GraphBuilder::dropout(const std::string& name, ValueId x, float ratio) {
  return node(Dropout{ratio}, {x}, name);
}

ValueId GraphBuilder::linear(const std::string& name, ValueId x, std::int64_t out_features) {
  const std::int64_t in_features = graph_.value(x).shape.dims().at(1);
  const ValueId weight = constant(name + ".weight", filled({out_features, in_features}, 0));
  const ValueId bias = constant(name + ".bias", filled({out_features}, 0));
  Gemm op;
  op.trans_b = true;
  return node(op, {x, weight, bias}, name);
}

Graph GraphBuilder::finish(std::vector<ValueId> outputs) {
  graph_.set_outputs(std::move(outputs));
  return std::move(graph_);
}

}  // namespace fovea
