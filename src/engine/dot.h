#pragma once

#include <string>

#include "engine/plan.h"

namespace fovea {

/// For Graphviz: nodes as boxes coloured by precision, values as edges with type and shape.
std::string dot_of(const Graph& graph);
/// The same of a plan: tactics and configurations in the boxes, layouts on the edges, views dashed.
std::string dot_of(const Plan& plan);

}  // namespace fovea
