#include "compiler/part_rules.h"

#include <algorithm>

#include "compiler/candidates.h"

namespace fovea {
namespace {

/// What could lie in the bytes of its input.
bool could_view(const Op& op) {
  return std::holds_alternative<Reshape>(op) || std::holds_alternative<Flatten>(op) ||
         std::holds_alternative<Squeeze>(op) || std::holds_alternative<Unsqueeze>(op) ||
         std::holds_alternative<Identity>(op) || std::holds_alternative<Dropout>(op) ||
         std::holds_alternative<Slice>(op);
}

/// A reformat that moves no byte would be a view and could be no part.
bool reformats_by_view(const Shape& shape) {
  return shape.rank() == 4 &&
         (same_bytes(shape, Layout::kPlain, Layout::kNhwc) || same_bytes(shape, Layout::kPlain, Layout::kBlocked16) ||
          same_bytes(shape, Layout::kNhwc, Layout::kBlocked16));
}

}  // namespace

PartRules::PartRules(const Graph& graph, bool allowed)
    : graph_(graph), allowed_(allowed), index_(graph), taken_(graph.values().size(), false) {}

bool PartRules::may_be_view(const Node& node) {
  if (std::holds_alternative<Concat>(node.op)) return allowed_ && takes_inputs(node);
  if (std::holds_alternative<Slice>(node.op))
    return allowed_ && !comes_from_input(node.inputs[0]) && !reaches_output(node.outputs[0]) &&
           !reaches_output(node.inputs[0]);
  return true;
}

bool PartRules::takes_inputs(const Node& node) {
  if (reaches_output(node.outputs[0])) return false;
  for (const ValueId id : node.inputs) {
    if (id == kNoValue || taken_[static_cast<std::size_t>(id)] || reaches_output(id)) return false;
    const int producer = index_.producer(id);
    if (producer < 0 || could_view(graph_.nodes()[static_cast<std::size_t>(producer)].op)) return false;
    if (reformats_by_view(graph_.value(id).shape) || std::ranges::count(node.inputs, id) > 1) return false;
  }
  for (const ValueId id : node.inputs) taken_[static_cast<std::size_t>(id)] = true;
  return true;
}

/// As itself or through views of it.
bool PartRules::reaches_output(ValueId id) const {
  if (std::ranges::find(graph_.outputs(), id) != graph_.outputs().end()) return true;
  return std::ranges::any_of(index_.consumers(id), [&](int consumer) {
    const Node& node = graph_.nodes()[static_cast<std::size_t>(consumer)];
    const bool views = could_view(node.op) && node.inputs[0] == id;
    return views && reaches_output(node.outputs[0]);
  });
}

bool PartRules::comes_from_input(ValueId id) const {
  const int producer = index_.producer(id);
  if (producer < 0) return true;
  const Node& node = graph_.nodes()[static_cast<std::size_t>(producer)];
  return could_view(node.op) && comes_from_input(node.inputs[0]);
}

}  // namespace fovea
