#include "backend/api/region_view.h"

#include "base/error.h"

namespace fovea {

RegionView region_view(const NodeView& region, const Weights* weights) {
  const auto& op = std::get<Region>(region.op);
  RegionView made{graph_of(op.body, region.inputs.at(0).shape[0]), {}};
  require(made.graph.inputs().size() == region.inputs.size(), ErrorKind::kInternal,
          "[region] {} inputs, its body has {}", region.inputs.size(), made.graph.inputs().size());
  const auto set_type = [&](ValueId id, const OperandView& operand) {
    made.graph.value(id).dtype = operand.dtype;
    made.graph.value(id).quant = operand.quant;
  };
  for (std::size_t i = 0; i < region.inputs.size(); ++i) {
    const ValueId id = made.graph.inputs()[i];
    set_type(id, region.inputs[i]);
    if (!region.inputs[i].constant) continue;
    made.graph.value(id).constant_hash = "elsewhere";
    if (weights != nullptr) made.graph.value(id).constant = weights->tensors.at(i);
  }
  set_type(made.graph.outputs().at(0), region.outputs.at(0));
  for (const Node& node : made.graph.nodes()) {
    NodeView& view = made.nodes.emplace_back(plain_view(made.graph, node, region.threads));
    const bool pixels = std::holds_alternative<PixelsToTensor>(node.op);
    for (OperandView& operand : view.inputs)
      if (operand.present && !operand.constant && !pixels && operand.shape.rank() == 4) operand.layout = Layout::kNhwc;
    for (OperandView& operand : view.outputs)
      if (operand.shape.rank() == 4) operand.layout = Layout::kNhwc;
  }
  return made;
}

}  // namespace fovea
