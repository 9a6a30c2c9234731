#include "passes/common_subexpressions.h"

#include <map>
#include <tuple>

#include "base/io/hash.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

constexpr std::size_t kSmallConstant = 4096;  ///< larger ones are weights, stored once by content anyway

bool same_type(const Value& a, const Value& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.quant == b.quant;
}

bool merge_constants(Graph& graph) {
  bool changed = false;
  std::map<std::tuple<DType, std::vector<std::int64_t>, std::string>, std::vector<ValueId>> seen;
  const GraphIndex index(graph);
  for (ValueId id = 0; id < static_cast<ValueId>(graph.values().size()); ++id) {
    const Value& value = graph.value(id);
    if (value.constant.empty() || value.constant.byte_size() > kSmallConstant || index.use_count(id) == 0) continue;
    auto& same = seen[{value.dtype, value.shape.dims(), content_hash(value.constant.bytes())}];
    bool found = false;
    for (const ValueId first : same) {
      if (found || !same_type(graph.value(first), value)) continue;
      graph.replace_uses(id, first);
      found = changed = true;
    }
    if (!found) same.push_back(id);
  }
  return changed;
}

bool same_result(const Graph& graph, const Node& a, const Node& b) {
  if (a.op != b.op || a.outputs.size() != b.outputs.size()) return false;
  for (std::size_t k = 0; k < a.outputs.size(); ++k)
    if (!same_type(graph.value(a.outputs[k]), graph.value(b.outputs[k]))) return false;
  return true;
}

}  // namespace

// a = f(x), b = f(x) → a = f(x), b = a
bool common_subexpressions(Graph& graph, const PassContext&) {
  bool changed = merge_constants(graph);
  std::map<std::vector<ValueId>, std::vector<std::size_t>> seen;
  std::vector<bool> dead(graph.nodes().size(), false);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    auto& same = seen[node.inputs];
    for (const std::size_t first : same) {
      if (dead[i] || !same_result(graph, graph.nodes()[first], node)) continue;
      for (std::size_t k = 0; k < node.outputs.size(); ++k)
        graph.replace_uses(node.outputs[k], graph.nodes()[first].outputs[k]);
      dead[i] = true;
    }
    if (!dead[i]) same.push_back(i);
    changed |= dead[i];
  }
  if (changed) graph.compact();
  return changed;
}

}  // namespace fovea
