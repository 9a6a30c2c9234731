#include "train/learner.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <array>
#include <cmath>
#include <map>

#include "base/error.h"
#include "train/convert.h"
#include "train/device.h"
#include "train/head.h"
#include "train/network.h"

namespace fovea::train {
namespace {

/// Parameters that share a learning rate and a weight decay, in the form of LibTorch's fused step.
struct Group {
  std::vector<at::Tensor> tensors, momenta;
};

/// Learning rate as a multiple of the step's, and whether weights decay.
using GroupKey = std::pair<double, bool>;

std::optional<std::size_t> head_of(const Graph& graph, bool needed) {
  try {
    return find_head(graph);
  } catch (const Error&) {
    if (needed) throw;
    return std::nullopt;
  }
}

void check_input(const Graph& graph, const PreprocessSpec& spec) {
  require(graph.inputs().size() == 1, ErrorKind::kUnsupported, "[train] the graph has {} inputs, expected 1",
          graph.inputs().size());
  const Value& input = graph.value(graph.inputs()[0]);
  const Shape expected = {input.shape.rank() == 4 ? input.shape[0] : 1, spec.channels(), spec.height, spec.width};
  require(input.dtype == DType::kF32 && input.shape == expected, ErrorKind::kInvalidArgument,
          "[train] the graph's input is {} {}, the preprocessing gives f32 {}", name(input.dtype), input.shape.str(),
          expected.str());
}

}  // namespace

struct Learner::State {
  State(const Graph& graph, const PreprocessSpec& s, const LearnerOptions& o)
      : options(o), spec(s), device(device_from(o.device)), network(graph, {device, true}) {
    network.make_trainable(head_of(graph, o.head_only), o.head_only);
    for (const Parameter& p : network.parameters()) {
      Group& group = groups[{multiple(p), p.decays}];
      group.tensors.push_back(p.tensor);
      group.momenta.push_back(at::zeros_like(p.tensor));
    }
  }

  double multiple(const Parameter& p) const {
    return p.head ? options.head_rate : std::pow(p.depth, options.depth_power);
  }

  at::Tensor forward(const Batch& batch, bool training) {
    const at::Tensor pixels = pixel_view(batch.pixels, batch.size(), spec).to(device);
    const at::Tensor input = normalized(pixels, {spec.scale, spec.mean, spec.std});
    const AutocastScope autocast(device, options.bf16);
    return network.forward(std::array{input}, training)[0].flatten(1).to(at::kFloat);
  }

  at::Tensor labels(const Batch& batch) const {
    const std::vector<std::int64_t> numbers(batch.labels.begin(), batch.labels.end());
    return at::tensor(numbers, at::kLong).to(device);
  }

  void limit_gradients() {
    if (options.clip <= 0) return;
    std::vector<at::Tensor> gradients;
    double squares = 0;
    for (const Parameter& p : network.parameters()) {
      if (!p.tensor.grad().defined()) continue;
      gradients.push_back(p.tensor.grad());
      const double weight = p.head ? 1 : multiple(p);
      squares += std::pow(weight * p.tensor.grad().norm().item<double>(), 2);
    }
    const double norm = std::sqrt(squares);
    if (norm > options.clip) at::_foreach_mul_(gradients, options.clip / norm);
  }

  void descend(double learning_rate) {
    limit_gradients();
    for (auto& [key, group] : groups) {
      std::vector<at::Tensor> gradients;
      gradients.reserve(group.tensors.size());
      for (const at::Tensor& t : group.tensors) gradients.push_back(t.grad().defined() ? t.grad() : at::zeros_like(t));
      const double rate = learning_rate * key.first;
      const double decay = key.second ? options.weight_decay : 0;
      at::_fused_sgd_(group.tensors, gradients, group.momenta, decay, options.momentum, rate, 0, options.momentum > 0,
                      false, false);
    }
  }

  LearnerOptions options;
  PreprocessSpec spec;
  at::Device device;
  Network network;
  std::map<GroupKey, Group> groups;
};

namespace {

Figures figures_of(const at::Tensor& logits, const at::Tensor& labels) {
  const at::NoGradGuard no_gradients;
  const at::Tensor detached = logits.detach();
  return {at::cross_entropy_loss(detached, labels, {}, at::Reduction::Sum).item<double>(),
          (detached.argmax(1) == labels).sum().item<std::int64_t>(), labels.size(0)};
}

}  // namespace

Learner::Learner(const Graph& graph, const PreprocessSpec& spec, const LearnerOptions& options) {
  check_input(graph, spec);
  guarded([&] { state_ = std::make_unique<State>(graph, spec, options); });
}
Learner::~Learner() = default;
Learner::Learner(Learner&&) noexcept = default;
Learner& Learner::operator=(Learner&&) noexcept = default;

Figures Learner::step(const Batch& batch, double learning_rate, std::uint64_t seed) {
  Figures figures;
  guarded([&] {
    at::manual_seed(seed);  // dropout; makes a resumed run the same as an uninterrupted one
    const at::Tensor labels = state_->labels(batch);
    const at::Tensor logits = state_->forward(batch, true);
    figures = figures_of(logits, labels);
    if (!std::isfinite(figures.loss_sum)) return;
    at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, -100, state_->options.label_smoothing).backward();
    const at::NoGradGuard no_gradients;
    state_->descend(learning_rate);
    for (Parameter& p : state_->network.parameters()) p.tensor.mutable_grad().reset();
  });
  return figures;
}

void Learner::settle(const Batch& batch, int seen) {
  guarded([&] {
    const at::NoGradGuard no_gradients;
    at::manual_seed(0);
    state_->network.set_statistics_rate(1.0 / (seen + 1));
    state_->forward(batch, true);
    state_->network.set_statistics_rate(-1);
  });
}

bool Learner::has_statistics() const { return !state_->network.statistics().empty(); }

Figures Learner::evaluate(const Batch& batch) {
  Figures figures;
  guarded([&] {
    const at::NoGradGuard no_gradients;
    figures = figures_of(state_->forward(batch, false), state_->labels(batch));
  });
  return figures;
}

Graph Learner::trained() const { return state_->network.with_weights(); }
std::string Learner::device() const { return device_text(state_->device); }

std::vector<StateTensor> Learner::state() const {
  std::vector<StateTensor> state;
  for (const Parameter& p : state_->network.parameters()) state.push_back({p.name, from_torch(p.tensor)});
  for (const Parameter& p : state_->network.statistics()) state.push_back({p.name, from_torch(p.tensor)});
  std::size_t i = 0;
  for (const auto& [key, group] : state_->groups) {
    for (const at::Tensor& m : group.momenta) state.push_back({"momentum/" + std::to_string(i++), from_torch(m)});
  }
  return state;
}

void Learner::restore(const std::vector<StateTensor>& state) {
  std::map<std::string, const Tensor*> by_name;
  for (const StateTensor& s : state) by_name[s.name] = &s.tensor;
  const at::NoGradGuard no_gradients;
  const auto load = [&](const std::string& name, const at::Tensor& into) {
    const auto found = by_name.find(name);
    require(found != by_name.end() && found->second->shape() == Shape(into.sizes().vec()), ErrorKind::kCorruptFile,
            "[resume] the checkpoint has no \"{}\" of shape {}", name, Shape(into.sizes().vec()).str());
    into.copy_(to_torch(*found->second));
  };
  for (const Parameter& p : state_->network.parameters()) load(p.name, p.tensor);
  for (const Parameter& p : state_->network.statistics()) load(p.name, p.tensor);
  std::size_t i = 0;
  for (const auto& [key, group] : state_->groups) {
    for (const at::Tensor& m : group.momenta) load("momentum/" + std::to_string(i++), m);
  }
}

}  // namespace fovea::train
