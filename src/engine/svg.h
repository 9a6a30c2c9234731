#pragma once

#include <string>

#include "engine/picture.h"

namespace fovea {

/// A picture of its own for browsers and documents: boxes from top to bottom, colored by precision, with tactic and
/// output; what flows along an arrow shows when the pointer rests on it.
std::string svg_of(const GraphPicture& picture);

}  // namespace fovea
