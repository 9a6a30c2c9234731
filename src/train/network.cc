#include "train/network.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "train/convert.h"
#include "train/interpret.h"

namespace fovea::train {
namespace {

/// A constant behind quantize is a weight that trains in float; its scales train too.
bool is_quantized_weight(const Node& node, std::size_t input) {
  return std::holds_alternative<Quantize>(node.op) && input == 0;
}

bool is_filter(const Graph& graph, const Node& node, std::size_t input) {
  return (std::holds_alternative<Conv2d>(node.op) && input == 1) ||
         (is_quantized_weight(node, input) && graph.input_of(node, input).shape.rank() == 4);
}

std::uint32_t trainable_operands(const Node& node) {
  return std::holds_alternative<Quantize>(node.op) ? 0b11U : trainable_inputs(node.op);
}

bool is_weight(const Node& node, std::size_t input) {
  return is_quantized_weight(node, input) ||
         (input == 1 && (std::holds_alternative<Conv2d>(node.op) || std::holds_alternative<Gemm>(node.op)));
}

bool is_scale(const Node& node, std::size_t input) { return std::holds_alternative<Quantize>(node.op) && input == 1; }

[[noreturn]] void fail_node(const Node& node, const std::string& reason) {
  fail(ErrorKind::kInternal, "[{}] {} in LibTorch: {}", node.name, display_name(node.op), reason);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Network::Network(Graph graph, const NetworkOptions& options)
    : graph_(std::move(graph)), frozen_statistics_(options.frozen_statistics) {
  constants_.resize(graph_.values().size());
  std::set<ValueId> filters;
  for (const Node& node : graph_.nodes()) {
    for (std::size_t i = 0; i < std::min<std::size_t>(node.inputs.size(), 2); ++i) {
      if (graph_.has_input(node, i) && is_filter(graph_, node, i)) filters.insert(node.inputs[i]);
    }
  }
  for (std::size_t i = 0; i < constants_.size(); ++i) {
    const Value& value = graph_.values()[i];
    if (!value.is_constant()) continue;
    at::Tensor tensor = to_torch(value.constant).to(options.device);
    const bool filter = filters.contains(static_cast<ValueId>(i));
    if (options.channels_last && filter) tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
    constants_[i] = std::move(tensor);
  }
  plan_values();
}

/// An activation after a convolution, batch-norm or addition, whose gradients don't need their own output.
bool Network::may_overwrite(const GraphIndex& index, const Node& node) const {
  if (!std::holds_alternative<Unary>(node.op) || index.use_count(node.inputs[0]) != 1) return false;
  const int producer = index.producer(node.inputs[0]);
  if (producer < 0) return false;
  const Op& op = graph_.nodes()[static_cast<std::size_t>(producer)].op;
  if (const Activation* act = epilogue(op); act && *act) return false;
  const auto* binary = std::get_if<Binary>(&op);
  return std::holds_alternative<Conv2d>(op) || std::holds_alternative<BatchNorm>(op) ||
         (binary && binary->kind == BinaryKind::kAdd);
}

/// All that reads the integers turns them back with the same scales.
bool Network::is_whole_pair(const GraphIndex& index, const Node& quantize) const {
  const auto* op = std::get_if<Quantize>(&quantize.op);
  const ValueId stored = quantize.outputs[0];
  const bool read = std::ranges::find(graph_.outputs(), stored) != graph_.outputs().end();
  if (!op || read || (op->to != DType::kS8 && op->to != DType::kU8)) return false;
  return std::ranges::all_of(index.consumers(stored), [&](int consumer) {
    const Node& user = graph_.nodes()[static_cast<std::size_t>(consumer)];
    const auto* back = std::get_if<Dequantize>(&user.op);
    const auto same = [&](std::size_t i) {
      return graph_.has_input(user, i) == graph_.has_input(quantize, i) &&
             (!graph_.has_input(user, i) || user.inputs[i] == quantize.inputs[i]);
    };
    return back && back->axis == op->axis && user.inputs[0] == stored && same(1) && same(2);
  });
}

void Network::plan_values() {
  const GraphIndex index(graph_);
  plans_.resize(graph_.nodes().size());
  std::set<ValueId> seen(graph_.outputs().begin(), graph_.outputs().end());
  for (std::size_t i = graph_.nodes().size(); i-- > 0;) {
    const Node& node = graph_.nodes()[i];
    plans_[i].in_place = may_overwrite(index, node);
    if (is_whole_pair(index, node)) {
      plans_[i].whole_pair = true;
      for (const int user : index.consumers(node.outputs[0])) plans_[static_cast<std::size_t>(user)].whole_pair = true;
    }
    for (const ValueId id : node.inputs) {
      if (id != kNoValue && !graph_.value(id).is_constant() && seen.insert(id).second) plans_[i].dying.push_back(id);
    }
    for (const ValueId id : node.outputs) {
      if (seen.insert(id).second) plans_[i].dying.push_back(id);
    }
  }
}

std::vector<at::Tensor> Network::gather(const std::vector<at::Tensor>& values, const Node& node) const {
  std::vector<at::Tensor> inputs;
  inputs.reserve(node.inputs.size());
  for (const ValueId id : node.inputs) {
    if (id == kNoValue) {
      inputs.emplace_back();
      continue;
    }
    const auto i = static_cast<std::size_t>(id);
    inputs.push_back(constants_[i].defined() ? constants_[i] : values[i]);
  }
  return inputs;
}

std::vector<at::Tensor> Network::walk(std::span<const at::Tensor> inputs, bool training, std::size_t count) {
  require(inputs.size() == graph_.inputs().size(), ErrorKind::kInvalidArgument,
          "[train] {} inputs given, the graph has {}", inputs.size(), graph_.inputs().size());
  std::vector<at::Tensor> values(constants_.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) values[static_cast<std::size_t>(graph_.inputs()[i])] = inputs[i];
  for (std::size_t i = 0; i < count; ++i) {
    const Node& node = graph_.nodes()[i];
    OpContext context{.training = training,
                      .frozen_statistics = frozen_statistics_,
                      .fake_quantization = fake_quantization_,
                      .in_place = plans_[i].in_place,
                      .statistics_rate = statistics_rate_,
                      .out_shape = &graph_.value(node.outputs[0]).shape};
    if (fake_quantization_ && plans_[i].whole_pair) {
      context.whole_pairs = true;
      context.stored = graph_.value(std::holds_alternative<Quantize>(node.op) ? node.outputs[0] : node.inputs[0]).dtype;
    }
    const std::vector<at::Tensor> operands = gather(values, node);
    try {
      Tensors made = run_op(node.op, operands, context);
      for (std::size_t k = 0; k < made.size(); ++k)
        values[static_cast<std::size_t>(node.outputs[k])] = std::move(made[k]);
    } catch (const c10::Error& error) {
      fail_node(node, first_line(error.what_without_backtrace()));
    }
    for (const ValueId id : plans_[i].dying) values[static_cast<std::size_t>(id)].reset();
  }
  return values;
}

at::Tensor Network::operand_of(std::size_t stop, std::span<const at::Tensor> inputs) {
  return gather(walk(inputs, false, stop), graph_.nodes()[stop]).front();
}

Tensors Network::forward(std::span<const at::Tensor> inputs, bool training) {
  const std::vector<at::Tensor> values = walk(inputs, training, graph_.nodes().size());
  Tensors outputs;
  for (const ValueId id : graph_.outputs()) {
    const auto i = static_cast<std::size_t>(id);
    outputs.push_back(constants_[i].defined() ? constants_[i] : values[i]);
  }
  return outputs;
}

void Network::make_trainable(std::optional<std::size_t> head, bool head_only) {
  std::set<ValueId> taken;
  fake_quantization_ = true;
  for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
    const Node& node = graph_.nodes()[n];
    const bool trains = !head_only || n >= head.value_or(0);
    require(!trains || has_gradient(node.op), ErrorKind::kUnsupported,
            "[{}] {} has no gradient, so it can't be trained", node.name, display_name(node.op));
    const std::uint32_t mask = trainable_operands(node);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id == kNoValue || !graph_.value(id).is_constant() || graph_.value(id).dtype != DType::kF32) continue;
      at::Tensor& tensor = constants_[static_cast<std::size_t>(id)];
      Parameter parameter{id, graph_.value(id).name, tensor, is_weight(node, i), is_scale(node, i), head == n};
      if (std::holds_alternative<BatchNorm>(node.op) && i >= 3 && taken.insert(id).second)
        statistics_.push_back(parameter);
      if ((mask >> i & 1U) == 0 || !trains || !taken.insert(id).second) continue;
      tensor.requires_grad_(true);
      parameter.depth = static_cast<double>(n);
      parameters_.push_back(std::move(parameter));
    }
  }
  if (parameters_.empty()) return;
  const double first = parameters_.front().depth, span = std::max(parameters_.back().depth - first, 1.0);
  for (Parameter& p : parameters_) p.depth = (p.depth - first) / span;
}

Graph Network::with_weights() const {
  Graph graph = graph_;
  for (const auto* group : {&parameters_, &statistics_}) {
    for (const Parameter& p : *group) graph.value(p.value).constant = from_torch(p.tensor);
  }
  return graph;
}

std::vector<Tensor> interpret(const Graph& graph, std::span<const Tensor> inputs) {
  const at::NoGradGuard no_gradients;
  Network network(graph, {});
  Tensors given;
  for (const Tensor& input : inputs) given.push_back(to_torch(input));
  std::vector<Tensor> outputs;
  for (const at::Tensor& output : network.forward(given, false)) outputs.push_back(from_torch(output));
  return outputs;
}

std::map<std::string, Tensor> differentiate(const Graph& graph, std::span<const Tensor> inputs, const Tensor& weights) {
  Network network(graph, {});
  network.make_trainable(std::nullopt, false);
  Tensors given;
  for (const Tensor& input : inputs) {
    given.push_back(to_torch(input));
    if (given.back().is_floating_point()) given.back().requires_grad_(true);
  }
  (network.forward(given, false)[0] * to_torch(weights)).sum().backward();
  std::map<std::string, Tensor> gradients;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    if (tensor.grad().defined()) gradients[name] = from_torch(tensor.grad());
  };
  for (std::size_t i = 0; i < given.size(); ++i) add(graph.value(graph.inputs()[i]).name, given[i]);
  for (const Parameter& p : network.parameters()) add(p.name, p.tensor);
  return gradients;
}

}  // namespace fovea::train
