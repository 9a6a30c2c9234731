#pragma once

#include <string>
#include <vector>

#include "passes/pass.h"

namespace fovea {

/// Stands between the names of nodes and of weights that became one.
inline constexpr char kJoined = '+';

/// Groups of two and more convolutions of 1 × 1 that read the same value and differ in nothing but their weights, by
/// name and in the order in which they would be joined.
std::vector<std::vector<std::string>> sibling_convolutions(const Graph& graph);

/// One such group becomes one convolution and a slice for each.
void join_convolutions(Graph& graph, const std::vector<std::string>& nodes);

/// All groups. Reads its input once, but slices may need copies: the compiler joins only where that costs less
/// (compiler/rewrite_where_faster.h).
bool join_siblings(Graph& graph, const PassContext& context);

}  // namespace fovea
