#pragma once

#include <utility>
#include <vector>

namespace fovea {

/// Where a node lies: row by row downwards, sideways in units of a box with its gap.
struct LayeredPoint {
  int row = 0;
  double x = 0;
};

struct LayeredDrawing {
  std::vector<LayeredPoint> nodes;
  std::vector<std::vector<LayeredPoint>> arrows;  ///< both ends and a point in every row between
  int rows = 0;
  double left = 0, right = 0;  ///< outermost centres
};

/// Rows by longest path, arrows through many rows on lanes of their own, few crossings by means of neighbors (Sugiyama,
/// Tagawa and Toda 1981). Arrows lead from lower to higher indices.
LayeredDrawing layered_drawing(int nodes, const std::vector<std::pair<int, int>>& arrows);

}  // namespace fovea
