#include "passes/fold_pixels.h"

#include <algorithm>

#include "passes/affine.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

// ((p · s − m) / d) · g + t → (p · s − (m − t · d / g)) / (d / g), g ≠ 0
bool fold(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const auto found = affine_of(graph, graph.nodes()[i]);
  const Activation* act = epilogue(graph.nodes()[i].op);
  if (!found || (act && *act)) return false;
  const ValueId x = graph.nodes()[i].inputs[found->data];
  const int before = index.producer(x);
  if (before < 0 || rewrite::sole_consumer(index, x) != static_cast<int>(i)) return false;
  Node merged = graph.nodes()[static_cast<std::size_t>(before)];
  auto* pixels = std::get_if<PixelsToTensor>(&merged.op);
  if (!pixels || std::ranges::find(found->affine.scale, 0.0F) != found->affine.scale.end()) return false;
  for (std::size_t c = 0; c < std::min(found->affine.scale.size(), pixels->mean.size()); ++c) {
    const float g = found->affine.scale[c];
    pixels->std[c] /= g;
    pixels->mean[c] -= found->affine.shift[c] * pixels->std[c];
  }
  merged.outputs = graph.nodes()[i].outputs;
  if (!context.supported(graph, merged)) return false;
  rewrite::merge(graph, static_cast<std::size_t>(before), i, std::move(merged));
  return true;
}

}  // namespace

bool fold_pixels(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(
      graph, [&](Graph& g, const GraphIndex& index, std::size_t i) { return fold(g, index, i, context); });
}

}  // namespace fovea
