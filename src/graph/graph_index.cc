#include "graph/graph.h"

namespace fovea {

GraphIndex::GraphIndex(const Graph& graph)
    : producer_(graph.values().size(), -1), uses_(graph.values().size(), 0), consumers_(graph.values().size()) {
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    for (const ValueId id : node.outputs) producer_[static_cast<std::size_t>(id)] = static_cast<int>(i);
    for (const ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      ++uses_[static_cast<std::size_t>(id)];
      std::vector<int>& readers = consumers_[static_cast<std::size_t>(id)];
      if (readers.empty() || readers.back() != static_cast<int>(i)) readers.push_back(static_cast<int>(i));
    }
  }
  for (const ValueId id : graph.outputs()) ++uses_[static_cast<std::size_t>(id)];
}

}  // namespace fovea
