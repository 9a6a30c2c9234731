#include "graph/graph.h"

#include <algorithm>

#include "base/error.h"

namespace fovea {
namespace {

/// The op's rule with the node's name in the message.
std::vector<ValueType> node_output_types(const Graph& graph, const Node& node) {
  try {
    return output_types(node.op, operand_types(graph, node));
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{} (node '{}')", error.message(), node.name));
  }
}

/// The node through which the batch no longer flows: an input grew in dimension 0, its output kept the old size.
void check_batch_flows(const Graph& before, const Graph& after, std::int64_t batch) {
  const std::int64_t old = before.batch();
  const auto moved = [&](ValueId id) {
    if (id == kNoValue || before.value(id).shape.rank() == 0 || before.value(id).is_constant()) return false;
    return before.value(id).shape[0] == old && after.value(id).shape[0] == batch;
  };
  for (const Node& node : after.nodes()) {
    if (old == batch || !std::ranges::any_of(node.inputs, moved)) continue;
    for (const ValueId id : node.outputs) {
      const Shape &was = before.value(id).shape, &is = after.value(id).shape;
      const bool stuck = was.rank() > 0 && was[0] == old && is[0] != batch;
      require(!stuck, ErrorKind::kInvalidArgument, "[{}] has the batch built in: gives {} at batch {} (node '{}')",
              name(node.op), is.str(), batch, node.name);
    }
  }
}

}  // namespace

std::vector<OperandType> operand_types(const Graph& graph, const Node& node) {
  std::vector<OperandType> operands(node.inputs.size());
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const ValueId id = node.inputs[i];
    operands[i].present = id != kNoValue;
    if (id == kNoValue) continue;
    require(id >= 0 && static_cast<std::size_t>(id) < graph.values().size(), ErrorKind::kInvalidArgument,
            "[{}] input {} is value {}, which does not exist", name(node.op), i, id);
    const Value& value = graph.value(id);
    const bool integers = std::holds_alternative<Dequantize>(node.op) && i != 1;
    operands[i].type = {value.quant && !integers ? DType::kF32 : value.dtype, value.shape};
    if (!value.constant.empty()) operands[i].constant = &value.constant;
  }
  return operands;
}

bool may_store(const Value& value, DType inferred) {
  if (value.dtype == inferred) return true;
  return inferred == DType::kF32 && (value.quant || value.dtype == DType::kF16 || value.dtype == DType::kBF16);
}

ValueId Graph::add_value(std::string_view wish, Value value) {
  const auto id = static_cast<ValueId>(values_.size());
  value.name = value_names_.claim(wish.empty() ? "value" : wish, id);
  values_.push_back(std::move(value));
  return id;
}

ValueId Graph::add_input(std::string name, DType dtype, Shape shape) {
  shape.elements();  // refuses sizes out of range
  Value value;
  value.dtype = dtype;
  value.shape = std::move(shape);
  inputs_.push_back(add_value(name, std::move(value)));
  return inputs_.back();
}

ValueId Graph::add_constant(std::string name, Tensor tensor) {
  require(!tensor.empty(), ErrorKind::kInvalidArgument, "[graph] constant '{}' has no contents", name);
  Value value;
  value.dtype = tensor.dtype();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
  return add_value(name, std::move(value));
}

ValueId Graph::add_constant(std::string name, DType dtype, Shape shape, std::string content_hash) {
  require(!content_hash.empty(), ErrorKind::kInvalidArgument, "[graph] constant '{}' has no hash", name);
  shape.elements();
  Value value;
  value.dtype = dtype;
  value.shape = std::move(shape);
  value.constant_hash = std::move(content_hash);
  return add_value(name, std::move(value));
}

void Graph::sync_node_names() {
  if (node_names_.size() == nodes_.size()) return;
  node_names_.clear();
  for (std::size_t i = 0; i < nodes_.size(); ++i) node_names_.add(nodes_[i].name, static_cast<int>(i));
}

ValueId Graph::place_node(std::size_t index, Node node, const std::vector<std::string>& output_names) {
  require(index <= nodes_.size(), ErrorKind::kInvalidArgument, "[graph] no place {} among {} nodes", index,
          nodes_.size());
  if (node.name.empty()) node.name = name(node.op);
  const std::vector<ValueType> types = node_output_types(*this, node);
  require(output_names.size() <= types.size(), ErrorKind::kInvalidArgument, "[{}] {} names for {} outputs (node '{}')",
          name(node.op), output_names.size(), types.size(), node.name);
  sync_node_names();
  for (std::size_t i = 0; i < types.size(); ++i) {
    Value value;
    value.dtype = types[i].dtype;
    value.shape = types[i].shape;
    const std::string usual = i == 0 ? node.name : fmt::format("{}.{}", node.name, i);
    const bool named = i < output_names.size() && !output_names[i].empty();
    node.outputs.push_back(add_value(named ? output_names[i] : usual, std::move(value)));
  }
  node.name = node_names_.claim(node.name, static_cast<int>(index));
  const ValueId first = node.outputs.at(0);
  nodes_.insert(nodes_.begin() + static_cast<std::ptrdiff_t>(index), std::move(node));
  return first;
}

ValueId Graph::add_node(Op op, std::vector<ValueId> inputs, std::string name, std::vector<std::string> output_names) {
  return place_node(nodes_.size(), {std::move(name), std::move(op), std::move(inputs), {}}, output_names);
}

ValueId Graph::insert_node(std::size_t index, Op op, std::vector<ValueId> inputs, std::string name) {
  return place_node(index, {std::move(name), std::move(op), std::move(inputs), {}}, {});
}

void Graph::rename_value(ValueId id, std::string_view wish) {
  if (value(id).name != wish) value(id).name = value_names_.claim(wish.empty() ? "value" : wish, id);
}

ValueId Graph::find_value(std::string_view name) const {
  const ValueId id = value_names_.find(name);
  if (id >= 0 && values_[static_cast<std::size_t>(id)].name == name) return id;
  const auto found = std::ranges::find(values_, name, &Value::name);  // renamed behind the index's back
  return found == values_.end() ? kNoValue : static_cast<ValueId>(found - values_.begin());
}

const Node* Graph::find_node(std::string_view name) const {
  const auto found = std::ranges::find(nodes_, name, &Node::name);
  return found == nodes_.end() ? nullptr : &*found;
}

void Graph::infer_types() {
  for (const Node& node : nodes_) {
    const std::vector<ValueType> types = node_output_types(*this, node);
    require(types.size() == node.outputs.size(), ErrorKind::kInvalidArgument, "[{}] has {} outputs, node '{}' names {}",
            name(node.op), types.size(), node.name, node.outputs.size());
    for (std::size_t i = 0; i < types.size(); ++i) {
      Value& output = value(node.outputs[i]);
      output.shape = types[i].shape;
      if (!may_store(output, types[i].dtype)) output.dtype = types[i].dtype;
    }
  }
}

void Graph::set_batch(std::int64_t batch) {
  require(batch > 0, ErrorKind::kInvalidArgument, "[graph] batch {}, expected at least 1", batch);
  require(!inputs_.empty(), ErrorKind::kInvalidArgument, "[graph] has no input to set the batch of");
  Graph changed = *this;
  for (const ValueId id : changed.inputs_)
    if (changed.value(id).shape.rank() > 0) changed.value(id).shape[0] = batch;
  changed.infer_types();
  check_batch_flows(*this, changed, batch);
  *this = std::move(changed);
}

std::string Graph::unique_value_name(std::string_view wish) const { return value_names_.unique(wish); }

std::string Graph::unique_node_name(std::string_view wish) const {
  if (node_names_.size() == nodes_.size()) return node_names_.unique(wish);
  NameIndex fresh;
  for (const Node& node : nodes_) fresh.add(node.name, 0);
  return fresh.unique(wish);
}

}  // namespace fovea
