#include "testing/zoo_graphs.h"

#include <array>

#include "testing/zoo_maker.h"

namespace fovea {
namespace {

using Spec = ZooMaker::ConvSpec;
constexpr Activation kRelu = {Function::kRelu}, kRelu6 = {Function::kClip, 0, 6}, kSigmoid = {Function::kSigmoid},
                     kHardSwish = {Function::kHardSwish}, kHardSigmoid = {Function::kHardSigmoid, 1.0F / 6, 0.5F};

Graph alexnet(int size, std::uint64_t seed) {
  ZooMaker z(size);
  ValueId x =
      z.pool(PoolKind::kMax, z.relu(z.conv(z.x, 16, {.kernel = 11, .stride = 4, .pad = 2, .bias = true})), 3, 2, 0);
  x = z.pool(PoolKind::kMax, z.relu(z.conv(x, 24, {.kernel = 5, .bias = true})), 3, 2, 0);
  x = z.relu(z.conv(x, 32, {.bias = true}));
  x = z.net.flatten("flatten", z.pool(PoolKind::kMax, x, 3, 2, 0));
  x = z.relu(z.net.linear("fc1", z.net.dropout("dropout", x, 0.5F), 40));
  return z.finish(z.net.linear("fc2", x, 10), seed);
}

Graph vgg(int size, std::uint64_t seed) {
  ZooMaker z(size);
  ValueId x = z.x;
  for (const std::int64_t filters : {8, 16, 16}) {
    x = z.conv_bn_act(x, filters, {.bias = true}, kRelu);
    x = z.pool(PoolKind::kMax, z.relu(z.conv(x, filters, {.bias = true})), 2, 2, 0);
  }
  x = z.relu(z.net.linear("fc1", z.net.flatten("flatten", x), 32));
  return z.finish(z.net.linear("fc2", x, 10), seed);
}

/// Four branches: 1 × 1; 1 × 1 then 3 × 3; twice that; pooling then 1 × 1.
ValueId inception_block(ZooMaker& z, ValueId x, std::int64_t width) {
  const Spec point = {.kernel = 1};
  const ValueId a = z.conv_bn_act(x, width, point, kRelu);
  const ValueId b = z.conv_bn_act(z.conv_bn_act(x, width / 2, point, kRelu), width, {}, kRelu);
  const ValueId c = z.conv_bn_act(z.conv_bn_act(x, width / 4, point, kRelu), width / 2, {}, kRelu);
  return z.concat({a, b, c, z.conv_bn_act(z.pool(PoolKind::kMax, x, 3, 1, 1, true), width / 2, point, kRelu)});
}

Graph googlenet(int size, std::uint64_t seed) {
  ZooMaker z(size);
  ValueId x = z.conv_bn_act(z.x, 16, {.kernel = 7, .stride = 2}, kRelu);
  x = inception_block(z, z.pool(PoolKind::kMax, x, 3, 2, 0, true), 16);
  x = inception_block(z, z.pool(PoolKind::kMax, x, 3, 2, 0, true), 24);
  return z.classifier(x, seed);
}

/// With the input's own normalisation by channel, filters of 1 × 7 and 7 × 1, and average pooling.
Graph inception_v3(int size, std::uint64_t seed) {
  ZooMaker z(size);
  std::vector<ValueId> planes;
  for (std::int64_t c = 0; c < 3; ++c) {
    const ValueId plane = z.net.node(Slice{{1}, {c}, {c + 1}, {1}}, {z.x}, z.called("slice"));
    planes.push_back(z.add(z.mul(plane, z.number(0.45F + 0.01F * static_cast<float>(c))), z.number(-0.03F)));
  }
  ValueId x = z.conv_bn_act(z.concat(planes), 16, {.stride = 2, .pad = 0}, kRelu);
  x = z.conv_bn_act(z.pool(PoolKind::kMax, x, 3, 2, 0), 24, {}, kRelu);
  const auto narrow = [&](ValueId from, std::array<int, 2> kernel) {
    Conv2d op;
    op.pads = {kernel[0] / 2, kernel[1] / 2, kernel[0] / 2, kernel[1] / 2};
    const ValueId w = z.weights({16, z.channels(from), kernel[0], kernel[1]});
    return z.relu(z.net.batch_norm(z.called("bn"), z.net.node(op, {from, w}, z.called("conv"))));
  };
  const ValueId a = narrow(narrow(z.conv_bn_act(x, 16, {.kernel = 1}, kRelu), {1, 7}), {7, 1});
  const ValueId b = z.conv_bn_act(z.pool(PoolKind::kAverage, x, 3, 1, 1), 16, {.kernel = 1}, kRelu);
  return z.classifier(z.concat({a, b, z.conv_bn_act(x, 8, {.kernel = 1}, kRelu)}), seed);
}

struct ResidualStyle {
  int groups = 1;
  std::int64_t inner = 8;    ///< width of the 3 × 3 convolution
  std::int64_t squeeze = 0;  ///< of a gate per channel; 0: none
  bool bottleneck = true;
  bool eca = false;  ///< a gate per channel that looks at its neighbours alone
};

/// The gate convolves the channels' means, n × 1 × c, along the channels: as the importer writes a convolution of
/// lines.
ValueId gate_by_neighbors(ZooMaker& z, ValueId x) {
  Reduce mean;
  mean.axes = {2, 3};
  mean.keep_dims = false;
  Conv2d along;
  along.pads = {0, 1, 0, 1};
  ValueId y = z.net.node(Reshape{{0, 1, -1}}, {z.net.node(mean, {x}, z.called("mean"))}, z.called("line"));
  y = z.net.node(along, {z.net.node(Unsqueeze{{2}}, {y}, z.called("image")), z.weights({1, 1, 1, 3})},
                 z.called("conv"));
  y = z.act(z.net.node(Squeeze{{2}}, {y}, z.called("line")), kSigmoid);
  return z.mul(x, z.net.node(Reshape{{0, -1, 1, 1}}, {y}, z.called("gate")));
}

ValueId residual_block(ZooMaker& z, ValueId x, std::int64_t out, int stride, const ResidualStyle& style) {
  ValueId y = x;
  if (style.bottleneck) y = z.conv_bn_act(y, style.inner, {.kernel = 1}, kRelu);
  y = z.conv_bn_act(y, style.bottleneck ? style.inner : out, {.stride = stride, .groups = style.groups}, kRelu);
  if (style.squeeze > 0) y = z.squeeze_excite(y, style.squeeze, kRelu, kSigmoid);
  y = z.conv_bn(y, out, {.kernel = style.bottleneck ? 1 : 3});
  if (style.eca) y = gate_by_neighbors(z, y);
  const bool same = stride == 1 && z.channels(x) == out;
  return z.relu(z.add(y, same ? x : z.conv_bn(x, out, {.kernel = 1, .stride = stride})));
}

Graph residual_net(int size, std::uint64_t seed, const ResidualStyle& style) {
  ZooMaker z(size);
  ValueId x = z.conv_bn_act(z.x, 16, {.kernel = 7, .stride = 2}, kRelu);
  x = z.pool(PoolKind::kMax, x, 3, 2, 1);
  x = residual_block(z, x, 32, 1, style);
  x = residual_block(z, x, 32, 1, style);
  return z.classifier(residual_block(z, x, 48, 2, style), seed);
}

Graph resnet18(int size, std::uint64_t seed) { return residual_net(size, seed, {.bottleneck = false}); }
Graph resnet50(int size, std::uint64_t seed) { return residual_net(size, seed, {}); }
Graph resnext(int size, std::uint64_t seed) { return residual_net(size, seed, {.groups = 4, .inner = 16}); }
Graph wide_resnet(int size, std::uint64_t seed) { return residual_net(size, seed, {.inner = 48}); }
Graph eca_resnet(int size, std::uint64_t seed) { return residual_net(size, seed, {.eca = true}); }
Graph regnet_y(int size, std::uint64_t seed) {
  return residual_net(size, seed, {.groups = 2, .inner = 32, .squeeze = 4});
}

Graph squeezenet(int size, std::uint64_t seed) {
  ZooMaker z(size);
  ValueId x = z.pool(PoolKind::kMax, z.relu(z.conv(z.x, 16, {.stride = 2, .pad = 0, .bias = true})), 3, 2, 0, true);
  for (int i = 0; i < 2; ++i) {
    const ValueId squeezed = z.relu(z.conv(x, 8, {.kernel = 1, .bias = true}));
    x = z.concat(
        {z.relu(z.conv(squeezed, 16, {.kernel = 1, .bias = true})), z.relu(z.conv(squeezed, 16, {.bias = true}))});
  }
  x = z.relu(z.conv(z.net.dropout("dropout", x, 0.5F), 10, {.kernel = 1, .bias = true}));
  return z.finish(z.net.flatten("flatten", z.global(x)), seed);
}

/// Batch-norm and relu in front of each padded convolution.
Graph densenet(int size, std::uint64_t seed) {
  ZooMaker z(size);
  ValueId x = z.pool(PoolKind::kMax, z.conv_bn_act(z.x, 16, {.kernel = 7, .stride = 2}, kRelu), 3, 2, 1);
  const auto normal = [&](ValueId from) { return z.relu(z.net.batch_norm(z.called("bn"), from)); };
  for (int block = 0; block < 2; ++block) {
    std::vector<ValueId> features = {x};
    for (int layer = 0; layer < 2; ++layer) {
      const ValueId all = features.size() == 1 ? features[0] : z.concat(features);
      features.push_back(z.conv(normal(z.conv(normal(all), 32, {.kernel = 1})), 8, {}));
    }
    x = z.conv(normal(z.concat(features)), 16, {.kernel = 1});
    if (block == 0) x = z.pool(PoolKind::kAverage, x, 2, 2, 0);
  }
  return z.classifier(normal(x), seed);
}

Graph mobilenet_v1(int size, std::uint64_t seed) {
  ZooMaker z(size);
  ValueId x = z.conv_bn_act(z.x, 16, {.stride = 2}, kRelu);
  for (const int stride : {1, 2, 1}) {
    x = z.conv_bn_act(x, z.channels(x), {.stride = stride, .groups = static_cast<int>(z.channels(x))}, kRelu);
    x = z.conv_bn_act(x, z.channels(x) + 16, {.kernel = 1}, kRelu);
  }
  return z.classifier(x, seed);
}

struct InvertedStyle {
  Activation act = kRelu6;
  int kernel = 3;
  bool written_out = false;  ///< SiLU as x · sigmoid(x)
  std::int64_t squeeze = 0;
  Activation inner = kRelu, gate = kHardSigmoid;
};

ValueId inverted_residual(ZooMaker& z, ValueId x, std::int64_t out, int stride, const InvertedStyle& style) {
  const auto activated = [&](ValueId y) { return style.written_out ? z.silu(y) : z.act(y, style.act); };
  const int hidden = static_cast<int>(z.channels(x)) * 3;
  ValueId y = activated(z.conv_bn(x, hidden, {.kernel = 1}));
  y = activated(z.conv_bn(y, hidden, {.kernel = style.kernel, .stride = stride, .groups = hidden}));
  if (style.squeeze > 0) y = z.squeeze_excite(y, style.squeeze, style.inner, style.gate);
  y = z.conv_bn(y, out, {.kernel = 1});
  return stride == 1 && z.channels(x) == out ? z.add(y, x) : y;
}

Graph inverted_net(int size, std::uint64_t seed, const InvertedStyle& style) {
  ZooMaker z(size);
  ValueId x = z.conv_bn_act(z.x, 16, {.stride = 2}, style.act);
  x = inverted_residual(z, x, 16, 1, style);
  x = inverted_residual(z, x, 24, 2, style);
  return z.classifier(z.conv_bn_act(inverted_residual(z, x, 24, 1, style), 64, {.kernel = 1}, style.act), seed);
}

Graph mobilenet_v2(int size, std::uint64_t seed) { return inverted_net(size, seed, {}); }
Graph mnasnet(int size, std::uint64_t seed) { return inverted_net(size, seed, {.act = kRelu, .kernel = 5}); }
Graph mobilenet_v3(int size, std::uint64_t seed) { return inverted_net(size, seed, {.act = kHardSwish, .squeeze = 8}); }
Graph efficientnet(int size, std::uint64_t seed) {
  const Activation silu = {Function::kSilu};
  return inverted_net(size, seed,
                      {.act = silu, .kernel = 5, .written_out = true, .squeeze = 4, .inner = silu, .gate = kSigmoid});
}

ValueId shuffled(ZooMaker& z, ValueId x) {
  const Shape shape = z.net.graph().value(x).shape;
  const ValueId rows = z.net.node(Reshape{{0, 2, shape[1] / 2, shape[2], shape[3]}}, {x}, z.called("rows"));
  return z.net.node(Reshape{{0, -1, shape[2], shape[3]}}, {z.transpose(rows, {0, 2, 1, 3, 4})}, z.called("columns"));
}

Graph shufflenet_v2(int size, std::uint64_t seed) {
  ZooMaker z(size);
  ValueId x = z.pool(PoolKind::kMax, z.conv_bn_act(z.x, 24, {.stride = 2}, kRelu), 3, 2, 1);
  const auto branch = [&](ValueId from, int stride) {
    ValueId y = z.conv_bn_act(from, 24, {.kernel = 1}, kRelu);
    return z.conv_bn_act(z.conv_bn(y, 24, {.stride = stride, .groups = 24}), 24, {.kernel = 1}, kRelu);
  };
  const ValueId left = z.conv_bn_act(z.conv_bn(x, 24, {.stride = 2, .groups = 24}), 24, {.kernel = 1}, kRelu);
  x = shuffled(z, z.concat({left, branch(x, 2)}));
  for (int i = 0; i < 2; ++i) {
    z.net.node(Split{1, {24, 24}}, {x}, z.called("split"));
    const std::vector<ValueId> halves = z.net.graph().nodes().back().outputs;
    x = shuffled(z, z.concat({halves[0], branch(halves[1], 1)}));
  }
  return z.classifier(z.conv_bn_act(x, 64, {.kernel = 1}, kRelu), seed);
}

/// GELU by erf, as opset 17 writes it.
ValueId gelu_written_out(ZooMaker& z, ValueId x) {
  const ValueId erf = z.act(z.binary(BinaryKind::kDiv, x, z.number(1.41421356F)), {Function::kErf});
  return z.mul(z.mul(x, z.add(erf, z.number(1))), z.number(0.5F));
}

ValueId convnext_norm(ZooMaker& z, ValueId x) {
  const std::int64_t c = z.net.graph().value(x).shape[3];
  const ValueId scale = z.net.constant(z.called("norm") + ".weight", Tensor::zeros(DType::kF32, {c}));
  const ValueId bias = z.net.constant(z.called("norm") + ".bias", Tensor::zeros(DType::kF32, {c}));
  LayerNorm op;
  op.axes.push_back(3);
  op.epsilon = 1e-6F;
  return z.net.node(op, {x, scale, bias}, z.called("norm"));
}

Graph convnext(int size, std::uint64_t seed) {
  ZooMaker z(size);
  const std::vector<std::int64_t> last = {0, 2, 3, 1}, first = {0, 3, 1, 2};
  const auto linear = [&](ValueId from, std::int64_t out) {
    const std::int64_t c = z.net.graph().value(from).shape[3];
    const ValueId bias = z.net.constant(z.called("linear") + ".bias", Tensor::zeros(DType::kF32, {out}));
    return z.add(z.net.node(MatMul{}, {from, z.weights({c, out})}, z.called("linear")), bias);
  };
  const auto norm = [&](ValueId from) { return z.transpose(convnext_norm(z, z.transpose(from, last)), first); };
  ValueId x = norm(z.conv(z.x, 24, {.kernel = 4, .stride = 4, .pad = 0, .bias = true}));
  for (int i = 0; i < 2; ++i) {
    ValueId y = convnext_norm(z, z.transpose(z.conv(x, 24, {.kernel = 7, .groups = 24, .bias = true}), last));
    y = z.transpose(linear(gelu_written_out(z, linear(y, 48)), 24), first);
    x = z.add(x, z.mul(y, z.weights({24, 1, 1})));
  }
  x = z.conv(norm(x), 32, {.kernel = 2, .stride = 2, .pad = 0, .bias = true});
  return z.classifier(x, seed);
}

}  // namespace

std::span<const ZooGraph> zoo_graphs() {
  static constexpr std::array kGraphs = {
      ZooGraph{"alexnet", alexnet},           ZooGraph{"vgg", vgg},
      ZooGraph{"googlenet", googlenet},       ZooGraph{"inception_v3", inception_v3},
      ZooGraph{"resnet18", resnet18},         ZooGraph{"resnet50", resnet50},
      ZooGraph{"resnext", resnext},           ZooGraph{"wide_resnet", wide_resnet},
      ZooGraph{"squeezenet", squeezenet},     ZooGraph{"densenet", densenet},
      ZooGraph{"mobilenet_v1", mobilenet_v1}, ZooGraph{"mobilenet_v2", mobilenet_v2},
      ZooGraph{"mobilenet_v3", mobilenet_v3}, ZooGraph{"shufflenet_v2", shufflenet_v2},
      ZooGraph{"mnasnet", mnasnet},           ZooGraph{"efficientnet", efficientnet},
      ZooGraph{"regnet_y", regnet_y},         ZooGraph{"convnext", convnext},
      ZooGraph{"eca_resnet", eca_resnet},
  };
  return kGraphs;
}

}  // namespace fovea
