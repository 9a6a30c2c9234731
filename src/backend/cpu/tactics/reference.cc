#include "backend/cpu/tactics.h"

#include <cstring>

#include "backend/cpu/blob.h"
#include "backend/cpu/tactics/support.h"
#include "base/error.h"
#include "graph/reference.h"

namespace fovea::cpu {
namespace {

constexpr std::string_view kKey = "reference";

/// The node alone in a graph of its own: inputs as inputs, constants as constants, outputs with the view's types.
Graph graph_of(const NodeView& view, std::span<const Tensor> constants) {
  Graph graph;
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    const OperandView& input = view.inputs[i];
    if (!input.present) {
      inputs.push_back(kNoValue);
      continue;
    }
    const std::string name = fmt::format("in{}", i);
    inputs.push_back(input.constant ? graph.add_constant(name, constants[i])
                                    : graph.add_input(name, input.dtype, input.shape));
    graph.value(inputs.back()).quant = input.quant;
  }
  graph.add_node(view.op, inputs, "node");
  const std::vector<ValueId> made = graph.nodes().front().outputs;
  require(made.size() == view.outputs.size(), ErrorKind::kCorruptFile, "[{}] {} outputs given, the op makes {}",
          view.name, view.outputs.size(), made.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    Value& value = graph.value(made[i]);
    require(value.shape == view.outputs[i].shape, ErrorKind::kCorruptFile, "[{}] output {} is {}, the op makes {}",
            view.name, i, view.outputs[i].shape.str(), value.shape.str());
    value.dtype = view.outputs[i].dtype;
    value.quant = view.outputs[i].quant;
  }
  graph.set_outputs(made);
  return graph;
}

class ReferenceStep final : public Step {
 public:
  ReferenceStep(Graph graph, std::vector<Tensor> constants)
      : graph_(std::move(graph)), constants_(std::move(constants)) {}

  void run(const Bindings& bindings, Stream&) const override {
    const Node& node = graph_.nodes().front();
    std::vector<Tensor> inputs = constants_;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue || !inputs[i].empty()) continue;
      const Value& value = graph_.value(node.inputs[i]);
      inputs[i] = Tensor(value.dtype, value.shape);
      std::memcpy(inputs[i].bytes().data(), bindings.inputs[i], inputs[i].byte_size());
    }
    const std::vector<Tensor> outputs = run_reference(graph_, node, inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (bindings.outputs[i] == nullptr) continue;
      std::memcpy(bindings.outputs[i], outputs[i].bytes().data(), outputs[i].byte_size());
    }
  }

 private:
  Graph graph_;
  std::vector<Tensor> constants_;
};

Support supports(const NodeView& view, const DeviceInfo&) { return all_plain(view); }

Bytes pack(const NodeView& view, const Config&, const Weights& weights) {
  BlobWriter blob{std::string(kKey)};
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    if (view.inputs[i].constant) blob.add(weights.tensors.at(i).bytes());
  }
  return blob.finish();
}

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte> packed, Device&) {
  const BlobReader blob(packed, view.name);
  require(blob.key() == kKey, ErrorKind::kCorruptFile, "[{}] packed weights are not those of reference", view.name);
  std::vector<Tensor> constants(view.inputs.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    if (!view.inputs[i].constant) continue;
    const auto stored = blob.section(next++, byte_size(view.inputs[i]));
    constants[i] = Tensor(view.inputs[i].dtype, view.inputs[i].shape);
    if (!stored.empty()) std::memcpy(constants[i].bytes().data(), stored.data(), stored.size());
  }
  return std::make_unique<ReferenceStep>(graph_of(view, constants), std::move(constants));
}

}  // namespace

const Tactic kReference = {"reference", supports, one_config, pack, make};

}  // namespace fovea::cpu
