#include "train/learner.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/error.h"
#include "train/convert.h"
#include "train/device.h"
#include "train/head.h"
#include "train/network.h"
#include "train/probe.h"

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
      : options(o),
        spec(s),
        device(device_from(o.device)),
        network(graph, {device, true, o.frozen_statistics}),
        head(head_of(graph, o.head_only)) {
    network.make_trainable(head, o.head_only);
    for (Parameter& p : network.parameters()) {
      Group& group = groups[{multiple(p), p.decays}];
      group.tensors.push_back(p.tensor);
      group.momenta.push_back(at::zeros_like(p.tensor));
      if (p.scale) filter_norms.push_back({p.tensor, p.tensor.detach().clone()});  // relative steps, never below zero
      if (o.unit_filters && p.decays && !p.head) filter_norms.push_back({p.tensor, norms_of_filters(p.tensor)});
    }
  }

  /// Of each output channel, as [k,1,1,1].
  static at::Tensor norms_of_filters(const at::Tensor& filters) {
    const at::NoGradGuard no_gradients;
    std::vector<std::int64_t> shape(static_cast<std::size_t>(filters.dim()), 1);
    shape[0] = filters.size(0);
    return filters.flatten(1).norm(2, at::IntArrayRef{1}).reshape(shape);
  }

  double multiple(const Parameter& p) const {
    return p.head ? options.head_rate : std::pow(p.depth, options.depth_power);
  }

  at::Tensor input(const Batch& batch) const {
    const at::Tensor pixels = pixel_view(batch.pixels, batch.size(), spec).to(device);
    return normalized(pixels, {spec.scale, spec.mean, spec.std});
  }

  at::Tensor forward(const Batch& batch, bool training) {
    const AutocastScope autocast(device, options.bf16);
    return network.forward(std::array{input(batch)}, training)[0].flatten(1).to(at::kFloat);
  }

  /// The vectors that the head reads; means over positions where it is a convolution.
  at::Tensor features(const Batch& batch) {
    const AutocastScope autocast(device, options.bf16);
    const at::Tensor x = network.operand_of(*head, std::array{input(batch)}).to(at::kFloat);
    return (x.dim() == 4 ? x.mean(at::IntArrayRef{2, 3}) : x).to(at::kCPU);
  }

  Parameter* head_parameter(std::size_t operand) {
    const Node& node = network.graph().nodes()[*head];
    const ValueId id = operand < node.inputs.size() ? node.inputs[operand] : kNoValue;
    const auto found = std::ranges::find(network.parameters(), id, &Parameter::value);
    return id == kNoValue || found == network.parameters().end() ? nullptr : &*found;
  }

  at::Tensor labels(const Batch& batch) const {
    const std::vector<std::int64_t> numbers(batch.labels.begin(), batch.labels.end());
    return at::tensor(numbers, at::kLong).to(device);
  }

  void limit_gradients() {
    if (options.clip <= 0) return;
    std::vector<at::Tensor> gradients;
    std::vector<double> weights;
    for (const Parameter& p : network.parameters()) {
      if (!p.tensor.grad().defined()) continue;
      gradients.push_back(p.tensor.grad());
      weights.push_back(p.head ? 1 : multiple(p));
    }
    const at::Tensor norms = at::stack(at::_foreach_norm(gradients)).to(at::kCPU, at::kDouble);  // one wait for a GPU
    double squares = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
      squares += std::pow(weights[i] * norms.const_data_ptr<double>()[i], 2);
    const double norm = std::sqrt(squares);
    if (norm > options.clip) at::_foreach_mul_(gradients, options.clip / norm);
  }

  /// By the filters' norms: once, and these are the gradients of filters of norm 1 with the norm as a factor behind
  /// them; twice, and the step that such filters would take shows in these ones.
  void scale_gradients() {
    for (const auto& [tensor, norms] : filter_norms) {
      if (tensor.grad().defined()) tensor.grad().mul_(norms);
    }
  }

  void descend(double learning_rate) {
    scale_gradients();
    limit_gradients();
    scale_gradients();
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
  std::optional<std::size_t> head;
  std::map<GroupKey, Group> groups;
  std::vector<std::pair<at::Tensor, at::Tensor>> filter_norms;  ///< parameter, by output channel
  std::vector<at::Tensor> seen_features, seen_labels;
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

bool Learner::head_is_linear() const {
  State& s = *state_;
  if (!s.head || !s.head_parameter(1) || !s.head_parameter(2)) return false;
  const Node& node = s.network.graph().nodes()[*s.head];
  if (const auto* gemm = std::get_if<Gemm>(&node.op)) {
    return !gemm->trans_a && gemm->alpha == 1 && gemm->beta == 1 && !gemm->act;
  }
  const Shape& filter = s.network.graph().input_of(node, 1).shape;
  const auto* conv = std::get_if<Conv2d>(&node.op);
  return conv && conv->groups == 1 && !conv->act && !conv->residual && filter[2] == 1 && filter[3] == 1;
}

void Learner::observe_features(const Batch& batch) {
  guarded([&] {
    const at::NoGradGuard no_gradients;
    state_->seen_features.push_back(state_->features(batch));
    state_->seen_labels.push_back(state_->labels(batch).to(at::kCPU));
  });
}

ProbeFigures Learner::start_head(std::int64_t views) {
  ProbeFigures figures;
  guarded([&] {
    State& s = *state_;
    const at::NoGradGuard no_gradients;
    at::Tensor weight = s.head_parameter(1)->tensor, bias = s.head_parameter(2)->tensor;
    const auto* gemm = std::get_if<Gemm>(&s.network.graph().nodes()[*s.head].op);
    const Probe probe =
        fit_probe({at::cat(s.seen_features), at::cat(s.seen_labels), views, bias.numel(), s.options.label_smoothing});
    const bool transposed = gemm && !gemm->trans_b;
    weight.copy_((transposed ? probe.weight.t() : probe.weight).reshape(weight.sizes()));
    bias.copy_(probe.bias.reshape(bias.sizes()));
    std::int64_t images = 0;
    for (const at::Tensor& labels : s.seen_labels) images += labels.numel();
    figures = {probe.penalty, probe.held_out_accuracy, images / views};
    s.seen_features.clear();
    s.seen_labels.clear();
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
