#pragma once

#include <string>
#include <vector>

#include "engine/plan.h"

namespace fovea {

/// What a drawing of a graph or of a plan shows; dot_of() and svg_of() draw it.
struct GraphPicture {
  struct Box {
    std::string name;       ///< of the node
    std::string op;         ///< display name: "conv2d+relu"
    std::string detail;     ///< of a plan: tactic and configuration, or "view"
    std::string shape;      ///< of the first output
    std::string precision;  ///< decides the color
    bool idle = false;      ///< a view: no step runs it
  };
  struct Arrow {
    int from = 0, to = 0;  ///< boxes; from < to
    std::string value;     ///< type and shape, of a plan also the layout
  };
  std::vector<Box> boxes;  ///< in topological order
  std::vector<Arrow> arrows;
};

GraphPicture picture_of(const Graph& graph);
GraphPicture picture_of(const Plan& plan);

/// "#rrggbb" behind the boxes of a precision.
std::string color_of_precision(const std::string& precision);

}  // namespace fovea
