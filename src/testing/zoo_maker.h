#pragma once

#include <cstdint>
#include <string>

#include "graph/builder.h"

namespace fovea {

/// GraphBuilder with the words that the networks of the zoo are written in. Names count up by themselves.
class ZooMaker {
 public:
  explicit ZooMaker(int size) { x = net.input("input", {1, 3, size, size}); }

  struct ConvSpec {
    int kernel = 3, stride = 1, groups = 1;
    int pad = -1;  ///< −1: kernel / 2
    bool bias = false;
  };
  std::int64_t channels(ValueId id) { return net.graph().value(id).shape[1]; }
  std::string called(const std::string& what) { return what + std::to_string(++count_); }
  ValueId number(float value) { return net.constant(called("number"), Tensor::scalar(value)); }

  ValueId conv(ValueId from, std::int64_t filters, const ConvSpec& spec);
  ValueId conv_bn(ValueId from, std::int64_t filters, const ConvSpec& spec);
  ValueId conv_bn_act(ValueId from, std::int64_t filters, const ConvSpec& spec, Activation fn);
  ValueId act(ValueId from, Activation fn) { return net.unary(called("act"), from, fn); }
  ValueId relu(ValueId from) { return act(from, {Function::kRelu}); }
  ValueId binary(BinaryKind kind, ValueId a, ValueId b) { return net.node(Binary{kind, {}}, {a, b}, called("binary")); }
  ValueId add(ValueId a, ValueId b) { return binary(BinaryKind::kAdd, a, b); }
  ValueId mul(ValueId a, ValueId b) { return binary(BinaryKind::kMul, a, b); }
  ValueId silu(ValueId from) { return mul(from, act(from, {Function::kSigmoid})); }  ///< written out
  ValueId concat(std::vector<ValueId> parts) { return net.node(Concat{1}, std::move(parts), called("concat")); }
  ValueId pool(PoolKind kind, ValueId from, int kernel, int stride, int pad, bool ceil = false);
  ValueId global(ValueId from) { return net.global_average_pool(called("global"), from); }
  ValueId weights(Shape shape) { return net.constant(called("w") + ".weight", Tensor::zeros(DType::kF32, shape)); }
  ValueId transpose(ValueId from, std::vector<std::int64_t> perm) {
    return net.node(Transpose{std::move(perm)}, {from}, called("transpose"));
  }
  /// Gate per channel: pooled, two 1 × 1 convolutions, then `gate`; times x.
  ValueId squeeze_excite(ValueId from, std::int64_t hidden, Activation inner, Activation gate);
  /// Global pooling, flatten, a linear layer; fills in the weights.
  Graph classifier(ValueId from, std::uint64_t seed);
  Graph finish(ValueId logits, std::uint64_t seed);

  GraphBuilder net;
  ValueId x = kNoValue;

 private:
  int count_ = 0;
};

}  // namespace fovea
