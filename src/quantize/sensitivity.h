#pragma once

#include <map>
#include <string>

#include "quantize/divergence.h"
#include "quantize/typed_graph.h"

namespace fovea {

/// By node that 8 bits can run: the mean divergence (Kullback–Leibler, of the class probabilities from fp32's, on
/// calibration images) when it alone runs in int8. Neighbouring nodes are first measured in at most kGroups groups;
/// groups of at least a kGroups-th of the sum are measured node by node, in the others each node gets an equal share.
/// The number of images is what kMacs multiply–accumulates allow, from 4 to 32: no clock is asked, so the answer is the
/// same every time.
std::map<std::string, double> measure_sensitivity(const Graph& base, const Int8Recipe& recipe,
                                                  const std::set<std::string>& keep, const OptimizeTarget& target,
                                                  const Divergence& images);
constexpr std::size_t kGroups = 16;
constexpr double kMacs = 1.5e12;

}  // namespace fovea
