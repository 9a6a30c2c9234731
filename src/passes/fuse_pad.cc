#include "passes/fuse_pad.h"

#include <limits>

#include "passes/rewrite.h"

namespace fovea {
namespace {

/// Constant padding of h and w only, as top, left, bottom, right.
std::optional<std::array<int, 4>> spatial(const Pad& pad) {
  if (pad.mode != PadMode::kConstant || pad.before.size() != 4 || pad.after.size() != 4) return std::nullopt;
  for (std::size_t axis = 0; axis < 4; ++axis) {
    if (axis < 2 && (pad.before[axis] != 0 || pad.after[axis] != 0)) return std::nullopt;
    if (pad.before[axis] < 0 || pad.after[axis] < 0) return std::nullopt;
  }
  return std::array{static_cast<int>(pad.before[2]), static_cast<int>(pad.before[3]), static_cast<int>(pad.after[2]),
                    static_cast<int>(pad.after[3])};
}

void add(std::array<int, 4>& pads, const std::array<int, 4>& more) {
  for (std::size_t k = 0; k < 4; ++k) pads[k] += more[k];
}

bool empty(const std::array<int, 4>& pads) { return pads == std::array{0, 0, 0, 0}; }

bool into_conv(Conv2d& conv, const std::array<int, 4>& pads, float value) {
  if (value != 0) return false;
  add(conv.pads, pads);
  return true;
}

/// Padding of a maximum is −∞; an average counts zeros that it sees, so its own padding must be counted as well.
bool into_pool(Pool& pool, const std::array<int, 4>& pads, float value) {
  if (pool.ceil_mode) return false;  // which windows exist depends on who pads
  if (pool.kind == PoolKind::kMax) {
    if (value > std::numeric_limits<float>::lowest()) return false;
  } else {
    if (value != 0 || !(empty(pool.pads) || pool.count_include_pad)) return false;
    pool.count_include_pad = true;
  }
  add(pool.pads, pads);
  const bool inside = pool.pads[0] < pool.kernel[0] && pool.pads[2] < pool.kernel[0] && pool.pads[1] < pool.kernel[1] &&
                      pool.pads[3] < pool.kernel[1];
  return inside;  // a window that sees padding alone has no maximum
}

// f(pad(x)) → f(x) with larger pads
bool fuse(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const auto* pad = std::get_if<Pad>(&graph.nodes()[i].op);
  const auto pads = pad ? spatial(*pad) : std::nullopt;
  if (!pads) return false;
  const int after = rewrite::sole_consumer(index, graph.nodes()[i].outputs[0]);
  if (after < 0) return false;
  Node merged = graph.nodes()[static_cast<std::size_t>(after)];
  if (merged.inputs[0] != graph.nodes()[i].outputs[0]) return false;
  auto* conv = std::get_if<Conv2d>(&merged.op);
  auto* pool = std::get_if<Pool>(&merged.op);
  if (!(conv && into_conv(*conv, *pads, pad->value)) && !(pool && into_pool(*pool, *pads, pad->value))) return false;
  merged.inputs[0] = graph.nodes()[i].inputs[0];
  if (!context.supported(graph, merged)) return false;
  rewrite::merge(graph, i, static_cast<std::size_t>(after), std::move(merged));
  return true;
}

}  // namespace

bool fuse_pad(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(
      graph, [&](Graph& g, const GraphIndex& index, std::size_t i) { return fuse(g, index, i, context); });
}

}  // namespace fovea
