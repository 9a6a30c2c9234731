#pragma once

#include <map>
#include <string>
#include <vector>

namespace fovea {

/// What a node costs at its two precisions and how much it disturbs the result in int8.
struct NodeCost {
  std::string node;
  double divergence = 0;  ///< of the output with only this node in int8
  double int8_us = 0, wide_us = 0;
};

/// A choice of nodes that stay wide.
struct Mix {
  std::string label;                           ///< "mixed 1/4": a quarter of int8's predicted divergence is left
  std::map<std::string, std::string> widened;  ///< node → the reason in words
  double predicted_divergence = 0;             ///< sum over the nodes left in int8
};

/// Mixes by decreasing speed. Nodes are widened in the order of divergence taken away per microsecond lost (those that
/// int8 does not make faster first), until the sum of what is left is within 1/2, 1/4, 1/8 and 1/16 of the sum of all.
/// `wide`: name of the wide precision, for the reasons. A mix of no or all nodes is left out, and so is one that equals
/// another.
std::vector<Mix> form_mixes(std::vector<NodeCost> nodes, const std::string& wide);

/// The mix "where it pays": nodes that are not faster in int8 stay wide. No nodes where less than 2 % of the sum of the
/// int8 times is gained.
Mix where_int8_pays(const std::vector<NodeCost>& nodes, const std::string& wide);

}  // namespace fovea
