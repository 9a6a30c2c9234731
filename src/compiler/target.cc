#include "compiler/target.h"

#include <algorithm>
#include <map>

#include "base/parallel/parallel.h"
#include "compiler/candidates.h"
#include "compiler/tactic_key.h"

namespace fovea {
namespace {

bool any_tactic_runs(const NodeView& view, const Backend& backend, const DeviceInfo& device) {
  const std::vector<LayoutChoice> choices = layout_choices(view);
  return std::ranges::any_of(backend.tactics(), [&](const Tactic& tactic) {
    return tactic.name != kReferenceTactic && std::ranges::any_of(choices, [&](const LayoutChoice& choice) {
             return tactic.supports(with_layouts(view, choice.inputs, choice.outputs), device).ok;
           });
  });
}

/// Reshapes run as views where no tactic takes them.
bool runs_as_view(const Op& op) {
  return std::holds_alternative<Reshape>(op) || std::holds_alternative<Flatten>(op) ||
         std::holds_alternative<Squeeze>(op) || std::holds_alternative<Unsqueeze>(op);
}

}  // namespace

PassContext target_context(const Backend& backend, const DeviceInfo& device, int threads) {
  if (threads <= 0) threads = default_threads();
  auto known = std::make_shared<std::map<std::string, bool>>();
  return {[&backend, device, threads, known](const Graph& graph, const Node& node) {
    if (runs_as_view(node.op)) return true;
    const NodeView view = plain_view(graph, node, threads);
    const std::string key = view_key(view);
    const auto found = known->find(key);
    if (found != known->end()) return found->second;
    return known->emplace(key, any_tactic_runs(view, backend, device)).first->second;
  }};
}

}  // namespace fovea
