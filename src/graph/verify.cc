#include "graph/verify.h"

#include <unordered_set>

#include "base/error.h"

namespace fovea {
namespace {

template <typename... Args>
void rule(bool holds, fmt::format_string<Args...> format, Args&&... args) {
  if (!holds) fail(ErrorKind::kInternal, "[verify] {}", fmt::format(format, std::forward<Args>(args)...));
}

bool exists(const Graph& graph, ValueId id) { return id >= 0 && static_cast<std::size_t>(id) < graph.values().size(); }

template <typename Items>
void check_names(const Items& items, std::string_view what) {
  std::unordered_set<std::string_view> seen;
  for (const auto& item : items) {
    rule(!item.name.empty(), "a {} has no name", what);
    rule(seen.insert(item.name).second, "two {}s are named '{}'", what, item.name);
  }
}

void check_quantization(const Value& value) {
  const Quantization& quant = *value.quant;
  rule(is_scaled8(value.dtype) || value.dtype == DType::kS32, "value '{}' is {}, which cannot be quantised", value.name,
       name(value.dtype));
  rule(quant.axis < value.shape.rank(), "value '{}' is quantised along axis {}, its shape is {}", value.name,
       quant.axis, value.shape.str());
  const std::size_t count = quant.axis < 0 ? 1 : static_cast<std::size_t>(value.shape[quant.axis]);
  rule(quant.scale.size() == count && quant.zero_point.size() == count,
       "value '{}' has {} scales and {} zero points, expected {} of each", value.name, quant.scale.size(),
       quant.zero_point.size(), count);
  for (const float scale : quant.scale) rule(scale > 0, "value '{}' has the scale {}", value.name, scale);
}

void check_value(const Value& value) {
  if (value.quant) check_quantization(value);
  if (value.constant.empty()) return;
  rule(value.constant.dtype() == value.dtype && value.constant.shape() == value.shape,
       "constant '{}' is {} {}, its contents are {} {}", value.name, name(value.dtype), value.shape.str(),
       name(value.constant.dtype()), value.constant.shape().str());
}

void check_types(const Graph& graph, const Node& node) {
  std::vector<ValueType> types;
  try {
    types = output_types(node.op, operand_types(graph, node));
  } catch (const Error& error) {
    rule(false, "node '{}': {}", node.name, error.message());
  }
  rule(types.size() == node.outputs.size(), "node '{}' has {} outputs, its op makes {}", node.name, node.outputs.size(),
       types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    const Value& value = graph.value(node.outputs[i]);
    rule(value.shape == types[i].shape && may_store(value, types[i].dtype),
         "value '{}' is {} {}, node '{}' makes {} {}", value.name, name(value.dtype), value.shape.str(), node.name,
         name(types[i].dtype), types[i].shape.str());
  }
}

}  // namespace

void verify(const Graph& graph) {
  check_names(graph.values(), "value");
  check_names(graph.nodes(), "node");
  for (const Value& value : graph.values()) check_value(value);
  std::vector<bool> made(graph.values().size(), false);
  const auto define = [&](ValueId id, std::string_view by) {
    rule(exists(graph, id), "{} makes value {}, which does not exist", by, id);
    rule(!made[static_cast<std::size_t>(id)], "value '{}' is made twice, again by {}", graph.value(id).name, by);
    made[static_cast<std::size_t>(id)] = true;
  };
  const auto known = [&](ValueId id) { return exists(graph, id) && made[static_cast<std::size_t>(id)]; };
  for (std::size_t id = 0; id < made.size(); ++id)
    if (graph.values()[id].is_constant()) made[id] = true;
  for (const ValueId id : graph.inputs()) define(id, "an input");
  for (const Node& node : graph.nodes()) {
    for (const ValueId id : node.inputs)
      rule(id == kNoValue || known(id), "node '{}' reads value {} before it is made", node.name,
           exists(graph, id) ? graph.value(id).name : std::to_string(id));
    for (const ValueId id : node.outputs) define(id, fmt::format("node '{}'", node.name));
    check_types(graph, node);
  }
  for (const ValueId id : graph.outputs())
    rule(known(id), "the output {} is made by nobody", exists(graph, id) ? graph.value(id).name : std::to_string(id));
}

}  // namespace fovea
