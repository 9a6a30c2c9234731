#include <algorithm>
#include <functional>
#include <queue>

#include "base/error.h"
#include "graph/graph.h"

namespace fovea {
namespace {

/// Which nodes the outputs need.
std::vector<bool> live_nodes(const Graph& graph, const GraphIndex& index) {
  std::vector<bool> live(graph.nodes().size(), false);
  std::vector<ValueId> open = graph.outputs();
  while (!open.empty()) {
    const ValueId id = open.back();
    open.pop_back();
    const int maker = id == kNoValue ? -1 : index.producer(id);
    if (maker < 0 || live[static_cast<std::size_t>(maker)]) continue;
    live[static_cast<std::size_t>(maker)] = true;
    const std::vector<ValueId>& inputs = graph.nodes()[static_cast<std::size_t>(maker)].inputs;
    open.insert(open.end(), inputs.begin(), inputs.end());
  }
  return live;
}

/// Live nodes in topological order, the earliest first where there is a choice (Kahn 1962): a sorted graph stays as it
/// is.
std::vector<std::size_t> sorted(const Graph& graph, const GraphIndex& index, const std::vector<bool>& live) {
  std::vector<int> waits(graph.nodes().size(), 0);
  std::vector<std::vector<std::size_t>> readers(graph.nodes().size());
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    if (!live[i]) continue;
    for (const ValueId id : graph.nodes()[i].inputs) {
      const int maker = id == kNoValue ? -1 : index.producer(id);
      if (maker < 0) continue;
      readers[static_cast<std::size_t>(maker)].push_back(i);
      ++waits[i];
    }
    if (waits[i] == 0) ready.push(i);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t next = ready.top();
    ready.pop();
    order.push_back(next);
    for (const std::size_t reader : readers[next])
      if (--waits[reader] == 0) ready.push(reader);
  }
  require(order.size() == static_cast<std::size_t>(std::ranges::count(live, true)), ErrorKind::kInternal,
          "[graph] the nodes form a cycle");
  return order;
}

}  // namespace

void Graph::replace_uses(ValueId from, ValueId to) {
  for (Node& node : nodes_) std::ranges::replace(node.inputs, from, to);
  std::ranges::replace(outputs_, from, to);
}

bool Graph::compact() {
  const GraphIndex index(*this);
  const std::vector<std::size_t> order = sorted(*this, index, live_nodes(*this, index));

  std::vector<bool> used(values_.size(), false);
  for (const std::size_t i : order)
    for (const ValueId id : nodes_[i].inputs)
      if (id != kNoValue) used[static_cast<std::size_t>(id)] = true;
  for (const ValueId id : outputs_) used[static_cast<std::size_t>(id)] = true;

  std::vector<ValueId> renumbered(values_.size(), kNoValue), kept;
  const auto keep = [&](ValueId id) {
    ValueId& place = renumbered[static_cast<std::size_t>(id)];
    if (place != kNoValue) return;
    place = static_cast<ValueId>(kept.size());
    kept.push_back(id);
  };
  for (const ValueId id : inputs_) keep(id);
  for (std::size_t id = 0; id < values_.size(); ++id)
    if (used[id] && values_[id].is_constant()) keep(static_cast<ValueId>(id));
  for (const std::size_t i : order)
    for (const ValueId id : nodes_[i].outputs) keep(id);

  bool changed = order.size() != nodes_.size() || kept.size() != values_.size();
  for (std::size_t i = 0; i < order.size(); ++i) changed |= order[i] != i;
  for (std::size_t i = 0; i < kept.size(); ++i) changed |= kept[i] != static_cast<ValueId>(i);
  if (!changed) return false;

  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids)
      if (id != kNoValue) id = renumbered[static_cast<std::size_t>(id)];
  };
  std::vector<Node> nodes;
  for (const std::size_t i : order) {
    renumber(nodes_[i].inputs);
    renumber(nodes_[i].outputs);
    nodes.push_back(std::move(nodes_[i]));
  }
  std::vector<Value> values;
  for (const ValueId id : kept) values.push_back(std::move(values_[static_cast<std::size_t>(id)]));
  renumber(inputs_);
  renumber(outputs_);
  nodes_ = std::move(nodes);
  values_ = std::move(values);
  value_names_.clear();
  for (std::size_t id = 0; id < values_.size(); ++id) value_names_.add(values_[id].name, static_cast<int>(id));
  node_names_.clear();
  sync_node_names();
  return true;
}

}  // namespace fovea
