#pragma once

#include <string>

#include "engine/picture.h"

namespace fovea {

/// For Graphviz: nodes as boxes colored by precision, values as edges with type and shape; views dashed.
std::string dot_of(const GraphPicture& picture);

}  // namespace fovea
