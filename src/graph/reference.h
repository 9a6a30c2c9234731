#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace fovea {

/// Stored values ↔ real numbers by the value's dtype and quantisation. to_real leaves integers without a quantisation
/// alone. from_real rounds once: nearest even, saturating.
Tensor to_real(const Value& type, const Tensor& stored);
Tensor from_real(const Value& type, const Tensor& real);

/// One node the slow, obvious way: inputs as stored (s8, bf16, …; an empty Tensor where left out) → real → op → outputs
/// as stored by the types of the graph's output values. About 1 GMAC/s: for tests, constant folding and as last tactic.
std::vector<Tensor> run_reference(const Graph& graph, const Node& node, std::span<const Tensor> inputs);

/// All nodes; `inputs` in the order of graph.inputs(). `observe`, where given, sees every value as it is made.
std::vector<Tensor> run_reference(const Graph& graph, std::span<const Tensor> inputs,
                                  const std::function<void(ValueId, const Tensor&)>& observe = nullptr);

}  // namespace fovea
