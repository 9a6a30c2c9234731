#include "testing/graph_random.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "graph/builder.h"

namespace fovea {
namespace {

class CnnMaker {
 public:
  explicit CnnMaker(std::uint64_t seed) : seed_(seed), random_({seed, 0x636e6e}) {}

  Graph make() {
    const std::int64_t size = pick(6, 16);
    ValueId x = builder_.input("x", {pick(1, 2), pick(1, 4), size, size});
    const std::int64_t blocks = pick(4, 12);
    for (std::int64_t i = 0; i < blocks; ++i) x = block(x);
    x = builder_.flatten("flatten", builder_.global_average_pool("pool", x));
    if (random_.chance(0.3)) x = builder_.dropout("dropout_head", x, 0.3F);
    x = builder_.linear("fc", x, pick(2, 7));
    if (random_.chance(0.7)) x = builder_.node(Softmax{}, {x}, "probabilities");
    randomize();
    return builder_.finish({x});
  }

 private:
  std::int64_t pick(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most - least + 1)));
  }
  const Shape& shape(ValueId id) { return builder_.graph().value(id).shape; }
  std::string called(std::string_view what) { return fmt::format("{}{}", what, ++count_); }

  ValueId block(ValueId x) {
    switch (pick(0, 9)) {
      case 0:
        return residual(x);
      case 1:
        return joined(x);
      case 2:
        return shape(x)[2] >= 4 ? pooled(x) : activated(x);
      case 3:
        return activated(x);
      case 4:
        return builder_.dropout(called("dropout"), x, 0.2F);
      case 5:
        return builder_.node(Identity{}, {x}, called("identity"));
      case 6:
        return scaled(x);
      default:
        return convolved(x);
    }
  }

  ValueId convolved(ValueId x) {
    Conv2d op;
    const std::int64_t channels = shape(x)[1], kernel = random_.chance(0.3) ? 1 : 3;
    std::int64_t filters = pick(1, 3) * 4;
    if (random_.chance(0.25))
      op.groups = static_cast<int>(filters = channels);  // depthwise
    else if (random_.chance(0.2) && channels % 2 == 0)
      op.groups = 2;
    if (kernel == 3) op.pads = {1, static_cast<int>(pick(0, 1)), 1, 1};
    if (kernel == 3 && random_.chance(0.2)) {
      op.dilations = {2, 2};
      op.pads = {2, 2, 2, 2};
    }
    if (random_.chance(0.25)) op.strides = {2, 2};
    const std::string name = called("conv");
    const Shape filter = {filters, channels / op.groups, kernel, kernel};
    std::vector<ValueId> inputs = {x, builder_.constant(name + ".weight", Tensor::zeros(DType::kF32, filter))};
    if (random_.chance(0.5)) inputs.push_back(builder_.constant(name + ".bias", Tensor::zeros(DType::kF32, {filters})));
    ValueId y = builder_.node(op, std::move(inputs), name);
    if (random_.chance(0.6)) y = builder_.batch_norm(called("bn"), y);
    return random_.chance(0.7) ? activated(y) : y;
  }

  ValueId activated(ValueId x) {
    const Activation choices[] = {{Function::kRelu},      {Function::kRelu}, {Function::kClip, 0, 6},
                                  {Function::kHardSwish}, {Function::kSilu}, {Function::kLeakyRelu, 0.1F},
                                  {Function::kSigmoid}};
    return builder_.unary(called("act"), x, choices[random_.below(std::size(choices))]);
  }

  ValueId same_size_conv(ValueId x, std::int64_t filters) {
    return builder_.conv(called("conv"), x, filters, {.kernel = 3, .bias = random_.chance(0.5)});
  }

  ValueId residual(ValueId x) {
    const ValueId y = same_size_conv(activated(same_size_conv(x, 8)), shape(x)[1]);
    const ValueId sum = random_.chance(0.5) ? builder_.add(called("add"), y, x) : builder_.add(called("add"), x, y);
    return random_.chance(0.7) ? builder_.relu(called("relu"), sum) : sum;
  }

  ValueId joined(ValueId x) {
    if (shape(x)[1] > 16) return convolved(x);
    std::vector<ValueId> parts = {same_size_conv(x, 4), x};
    if (random_.chance(0.4)) parts.push_back(activated(x));
    return builder_.node(Concat{1}, std::move(parts), called("concat"));
  }

  ValueId pooled(ValueId x) {
    Pool op;
    op.kind = random_.chance(0.5) ? PoolKind::kMax : PoolKind::kAverage;
    const int kernel = static_cast<int>(pick(2, 3));
    op.kernel = {kernel, kernel};
    op.strides = {2, 2};
    if (random_.chance(0.5)) op.pads = {1, 1, 1, 1};
    op.ceil_mode = random_.chance(0.3);
    op.count_include_pad = random_.chance(0.3);
    return builder_.node(op, {x}, called("pool"));
  }

  /// Squeeze-and-excitation, or a product with a constant per channel.
  ValueId scaled(ValueId x) {
    ValueId gate = kNoValue;
    if (random_.chance(0.5)) {
      gate = builder_.conv(called("gate"), builder_.global_average_pool(called("squeeze"), x), shape(x)[1],
                           {.kernel = 1, .bias = true});
      gate = builder_.unary(called("gate_act"), gate, {Function::kSigmoid});
    } else {
      gate = builder_.constant(called("factor") + ".weight", Tensor::zeros(DType::kF32, {shape(x)[1], 1, 1}));
    }
    return builder_.node(Binary{BinaryKind::kMul, {}}, {x, gate}, called("mul"));
  }

  /// Weights by the names that the builder gives: filters scaled by their fan-in, variances positive.
  void randomize() {
    for (std::size_t id = 0; id < builder_.graph().values().size(); ++id) {
      Value& value = builder_.graph().value(static_cast<ValueId>(id));
      if (!value.is_constant()) continue;
      const auto reach = static_cast<float>(
          value.shape.rank() < 2
              ? 0.5
              : std::sqrt(6.0 * static_cast<double>(value.shape[0]) / static_cast<double>(value.shape.elements())));
      const bool positive = value.name.ends_with(".running_var") || value.shape.rank() == 3 ||
                            (value.name.starts_with("bn") && value.name.ends_with(".weight"));
      value.constant = positive ? random_tensor(DType::kF32, value.shape, seed_ + id, 0.5F, 1.5F)
                                : random_tensor(DType::kF32, value.shape, seed_ + id, -reach, reach);
    }
  }

  std::uint64_t seed_;
  Random random_;
  GraphBuilder builder_;
  int count_ = 0;
};

}  // namespace

Tensor random_tensor(DType dtype, Shape shape, std::uint64_t seed, float lo, float hi) {
  Tensor real(DType::kF32, std::move(shape));
  Random random({seed, 0x74656e});
  for (float& value : real.data<float>()) {
    value = static_cast<float>(random.uniform(static_cast<double>(lo), static_cast<double>(hi)));
    if (dtype == DType::kBool) value = random.chance(0.5) ? 1.0F : 0.0F;
  }
  return from_f32(real, dtype);
}

Graph random_cnn(std::uint64_t seed) { return CnnMaker(seed).make(); }

double max_abs_diff(const Tensor& a, const Tensor& b) {
  if (a.empty() || b.empty() || a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
  const Tensor left = to_f32(a), right = to_f32(b);
  double most = 0;
  for (std::size_t i = 0; i < left.data<float>().size(); ++i) {
    const auto u = static_cast<double>(left.data<float>()[i]), v = static_cast<double>(right.data<float>()[i]);
    if (u == v || (std::isnan(u) && std::isnan(v))) continue;
    const double difference = std::abs(u - v);
    most = std::isnan(difference) ? std::numeric_limits<double>::infinity() : std::max(most, difference);
  }
  return most;
}

void expect_close(const Tensor& actual, const Tensor& expected, double absolute, double relative) {
  ASSERT_FALSE(actual.empty());
  ASSERT_FALSE(expected.empty());
  ASSERT_EQ(actual.shape().str(), expected.shape().str());
  const Tensor left = to_f32(actual), right = to_f32(expected);
  std::size_t worst = 0, wrong = 0;
  double excess = -1;
  for (std::size_t i = 0; i < left.data<float>().size(); ++i) {
    const auto u = static_cast<double>(left.data<float>()[i]), v = static_cast<double>(right.data<float>()[i]);
    if (u == v || (std::isnan(u) && std::isnan(v))) continue;
    const double over = std::abs(u - v) - absolute - relative * std::abs(v);
    if (over <= 0) continue;
    ++wrong;
    if (!(over <= excess)) {
      excess = over;
      worst = i;
    }
  }
  if (wrong == 0) return;
  ADD_FAILURE() << wrong << " of " << left.elements() << " elements differ; worst at " << worst << ": "
                << left.data<float>()[worst] << ", expected " << right.data<float>()[worst];
}

}  // namespace fovea
