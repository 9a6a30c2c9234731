#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"

namespace fovea {

/// y = x · scale[c] + shift[c] along axis 1.
struct Affine {
  std::vector<float> scale, shift;
  bool shifts() const;
};

/// What a batch-norm with constant operands does, or a binary op with one operand that is constant per channel (its
/// epilogue left out). nullopt where a node is neither. `data`: which input is x.
struct AffineNode {
  Affine affine;
  std::size_t data = 0;
};
std::optional<AffineNode> affine_of(const Graph& graph, const Node& node);

/// The same convolution or gemm with an affine map after it (before its epilogue, which must be empty) or before it,
/// as new constants. nullopt where that is not legal: weights that are no f32 constants, an epilogue in between, or
/// a shift in front of zero padding.
std::optional<Node> with_affine_after(Graph& graph, const Node& node, const Affine& affine);
std::optional<Node> with_affine_before(Graph& graph, const Node& node, const Affine& affine);

}  // namespace fovea
