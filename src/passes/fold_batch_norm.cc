#include "passes/fold_batch_norm.h"

#include "passes/fold_neighbor.h"
#include "passes/rewrite.h"

namespace fovea {

// bn(w · x + b) → (w · g) · x + (b · g + t), and w · bn(x) + b → (w · g) · x + (b + w · t), where g = scale / √(var +
// ε), t = bias − mean · g; in front of padding only where t = 0
bool fold_batch_norm(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(graph, [&](Graph& g, const GraphIndex& index, std::size_t i) {
    return std::holds_alternative<BatchNorm>(g.nodes()[i].op) && fold_into_neighbor(g, index, i, context);
  });
}

}  // namespace fovea
