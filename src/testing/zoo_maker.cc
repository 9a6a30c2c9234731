#include "testing/zoo_maker.h"

#include <algorithm>
#include <cmath>

#include "testing/graph_random.h"

namespace fovea {

ValueId ZooMaker::conv(ValueId from, std::int64_t filters, const ConvSpec& spec) {
  return net.conv(called("conv"), from, filters,
                  {.kernel = spec.kernel,
                   .stride = spec.stride,
                   .pad = spec.pad < 0 ? spec.kernel / 2 : spec.pad,
                   .groups = spec.groups,
                   .bias = spec.bias});
}

ValueId ZooMaker::conv_bn(ValueId from, std::int64_t filters, const ConvSpec& spec) {
  return net.batch_norm(called("bn"), conv(from, filters, spec));
}

ValueId ZooMaker::conv_bn_act(ValueId from, std::int64_t filters, const ConvSpec& spec, Activation fn) {
  return act(conv_bn(from, filters, spec), fn);
}

ValueId ZooMaker::pool(PoolKind kind, ValueId from, int kernel, int stride, int pad, bool ceil) {
  Pool op;
  op.kind = kind;
  op.kernel = {kernel, kernel};
  op.strides = {stride, stride};
  op.pads = {pad, pad, pad, pad};
  op.ceil_mode = ceil;
  op.count_include_pad = kind == PoolKind::kAverage;
  return net.node(op, {from}, called("pool"));
}

ValueId ZooMaker::squeeze_excite(ValueId from, std::int64_t hidden, Activation inner, Activation gate) {
  const ConvSpec point = {.kernel = 1, .bias = true};
  const ValueId squeezed = act(conv(global(from), hidden, point), inner);
  return mul(from, act(conv(squeezed, channels(from), point), gate));
}

Graph ZooMaker::classifier(ValueId from, std::uint64_t seed) {
  const ValueId flat = net.flatten("flatten", global(from));
  return finish(net.linear("fc", net.dropout("dropout", flat, 0.2F), 10), seed);
}

/// By the names that the builder gives: filters scaled by their fan-in, factors and variances around 1.
Graph ZooMaker::finish(ValueId logits, std::uint64_t seed) {
  for (std::size_t id = 0; id < net.graph().values().size(); ++id) {
    Value& value = net.graph().value(static_cast<ValueId>(id));
    if (!value.is_constant() || value.dtype != DType::kF32 || value.shape.rank() == 0) continue;
    const bool around_one = value.name.ends_with(".running_var") || value.shape.rank() == 3 ||
                            (value.shape.rank() == 1 && value.name.ends_with(".weight"));
    const float reach = value.shape.rank() < 2
                            ? 0.3F
                            : std::sqrt(6.0F * static_cast<float>(value.shape[0]) /
                                        static_cast<float>(std::max<std::int64_t>(1, value.shape.elements())));
    value.constant = around_one ? random_tensor(DType::kF32, value.shape, seed + id, 0.6F, 1.4F)
                                : random_tensor(DType::kF32, value.shape, seed + id, -reach, reach);
  }
  return net.finish({logits});
}

}  // namespace fovea
