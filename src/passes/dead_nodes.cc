#include "passes/dead_nodes.h"

namespace fovea {

// y = f(x), y unused → nothing
bool dead_nodes(Graph& graph, const PassContext&) { return graph.compact(); }

}  // namespace fovea
