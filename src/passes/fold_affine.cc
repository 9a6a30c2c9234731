#include "passes/fold_affine.h"

#include "passes/fold_neighbor.h"
#include "passes/rewrite.h"

namespace fovea {

// (w · x + b) · g + t → (w · g) · x + (b · g + t), and w · (x · g + t) + b → (w · g) · x + (b + w · t), g and t
// constant per channel; in front of padding only where t = 0
bool fold_affine(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(graph, [&](Graph& g, const GraphIndex& index, std::size_t i) {
    return std::holds_alternative<Binary>(g.nodes()[i].op) && fold_into_neighbor(g, index, i, context);
  });
}

}  // namespace fovea
