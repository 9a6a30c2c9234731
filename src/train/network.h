#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "train/ops.h"

// Internal: a Graph interpreted by LibTorch.
namespace fovea::train {

struct Parameter {
  ValueId value = kNoValue;
  std::string name;
  at::Tensor tensor;
  bool decays = false;  ///< filters and matrices; biases and batch-norm don't
  bool scale = false;   ///< of quantisation; positive
  bool head = false;    ///< of the classifying layer
  double depth = 1;     ///< of its layer: 0 at the first that trains, 1 at the last
};

struct NetworkOptions {
  at::Device device = at::kCPU;
  bool channels_last = false;      ///< filters (and so activations) in channels-last memory
  bool frozen_statistics = false;  ///< see OpContext
};

/// The graph's constants as tensors, and the walk over its nodes. Values are freed after their last use. The graph is
/// kept by value; one thread at a time.
class Network {
 public:
  Network(Graph graph, const NetworkOptions& options);
  /// The graph's outputs. With gradients where the grad mode and the parameters say so.
  Tensors forward(std::span<const at::Tensor> inputs, bool training);
  void set_statistics_rate(double rate) { statistics_rate_ = rate; }  ///< OpContext's, for the forwards to come
  /// What node `stop` reads as its first input, at inference; nodes from there on don't run.
  at::Tensor operand_of(std::size_t stop, std::span<const at::Tensor> inputs);
  /// Turns gradients on: every trainable constant, or the head's alone. kUnsupported naming the node without a
  /// gradient.
  void make_trainable(std::optional<std::size_t> head, bool head_only);
  std::vector<Parameter>& parameters() { return parameters_; }
  std::vector<Parameter>& statistics() { return statistics_; }  ///< batch-norm's running means and variances
  const Graph& graph() const { return graph_; }
  Graph with_weights() const;  ///< the graph with parameters and statistics written back

 private:
  struct Plan {
    std::vector<ValueId> dying;  ///< values that nobody reads after the node
    bool in_place = false;
    bool whole_pair = false;  ///< see OpContext
  };
  void plan_values();
  bool is_whole_pair(const GraphIndex& index, const Node& quantize) const;
  bool may_overwrite(const GraphIndex& index, const Node& node) const;
  /// The values that are alive after the first `count` nodes, by ValueId.
  std::vector<at::Tensor> walk(std::span<const at::Tensor> inputs, bool training, std::size_t count);
  std::vector<at::Tensor> gather(const std::vector<at::Tensor>& values, const Node& node) const;

  Graph graph_;
  double statistics_rate_ = -1;
  bool frozen_statistics_ = false, fake_quantization_ = false;
  std::vector<at::Tensor> constants_;  ///< by ValueId, undefined for others
  std::vector<Plan> plans_;            ///< by node
  std::vector<Parameter> parameters_, statistics_;
};

}  // namespace fovea::train
