#include "engine/layered.h"

#include <algorithm>
#include <cstddef>

namespace fovea {
namespace {

constexpr double kLaneGap = 0.16;  ///< between two lanes; a box takes 1
constexpr int kOrderSweeps = 6, kPlaceSweeps = 10;

/// A box, or where an arrow passes a row.
struct Cell {
  int row = 0;
  bool lane = false;
  double x = 0;
  std::vector<int> above, below;
};

class Drawer {
 public:
  Drawer(int nodes, const std::vector<std::pair<int, int>>& arrows) : cells_(static_cast<std::size_t>(nodes)) {
    std::vector<std::pair<int, int>> by_end = arrows;  // the rows of what leads to a node are known before its own
    std::ranges::sort(by_end, {}, &std::pair<int, int>::second);
    for (const auto& [from, to] : by_end) cell(to).row = std::max(cell(to).row, cell(from).row + 1);
    for (const auto& [from, to] : arrows) chains_.push_back(chain(from, to));
    for (std::size_t c = 0; c < cells_.size(); ++c) {
      const auto row = static_cast<std::size_t>(cells_[c].row);
      if (rows_.size() <= row) rows_.resize(row + 1);
      rows_[row].push_back(static_cast<int>(c));
    }
  }

  LayeredDrawing draw(int nodes) {
    for (int sweep = 0; sweep < kOrderSweeps; ++sweep)
      each_row(sweep % 2 == 0, [&](auto& row, bool down) { sort_by_neighbors(row, down); });
    for (int sweep = 0; sweep < kPlaceSweeps; ++sweep)
      each_row(sweep % 2 == 0, [&](auto& row, bool down) { place(row, down); });
    LayeredDrawing drawing;
    drawing.rows = static_cast<int>(rows_.size());
    for (int n = 0; n < nodes; ++n) drawing.nodes.push_back(point(n));
    for (const std::vector<int>& chain : chains_) {
      std::vector<LayeredPoint>& points = drawing.arrows.emplace_back();
      for (const int c : chain) points.push_back(point(c));
    }
    for (const Cell& c : cells_) {
      drawing.left = std::min(drawing.left, c.x);
      drawing.right = std::max(drawing.right, c.x);
    }
    return drawing;
  }

 private:
  Cell& cell(int c) { return cells_[static_cast<std::size_t>(c)]; }
  LayeredPoint point(int c) { return {cell(c).row, cell(c).x}; }

  std::vector<int> chain(int from, int to) {
    std::vector<int> passed = {from};
    for (int row = cell(from).row + 1; row < cell(to).row; ++row) {
      cells_.push_back({row, true, 0, {}, {}});
      passed.push_back(static_cast<int>(cells_.size()) - 1);
    }
    passed.push_back(to);
    for (std::size_t i = 1; i < passed.size(); ++i) {
      cell(passed[i]).above.push_back(passed[i - 1]);
      cell(passed[i - 1]).below.push_back(passed[i]);
    }
    return passed;
  }

  template <typename Work>
  void each_row(bool down, const Work& work) {
    for (std::size_t i = 0; i < rows_.size(); ++i) work(rows_[down ? i : rows_.size() - 1 - i], down);
  }

  /// The mean of the neighbors; of boxes alone where there are some, as lanes would draw a column aside row by row.
  double wanted(int c, bool down) {
    double sums[2] = {0, 0}, counts[2] = {0, 0};
    for (const int neighbor : down ? cell(c).above : cell(c).below) {
      const int kind = cell(neighbor).lane ? 1 : 0;
      sums[kind] += cell(neighbor).x;
      ++counts[kind];
    }
    for (const int kind : {0, 1})
      if (counts[kind] > 0) return sums[kind] / counts[kind];
    return cell(c).x;
  }

  double gap(int left, int right) {
    const double half = 0.5 - kLaneGap / 2;
    return kLaneGap + (cell(left).lane ? 0 : half) + (cell(right).lane ? 0 : half);
  }

  void sort_by_neighbors(std::vector<int>& row, bool down) {
    std::vector<std::pair<double, int>> order;
    for (const int c : row) order.emplace_back(wanted(c, down), c);
    std::ranges::stable_sort(order, {}, &std::pair<double, int>::first);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = order[i].second;
    for (std::size_t i = 0; i < row.size(); ++i)
      cell(row[i]).x = i == 0 ? 0 : cell(row[i - 1]).x + gap(row[i - 1], row[i]);
  }

  /// In their order and with gaps, together as near as can be to where their neighbors want them; where there are
  /// boxes, which should stand in straight columns, lanes have no say.
  void place(const std::vector<int>& row, bool down) {
    std::vector<double> want;
    for (const int c : row) want.push_back(wanted(c, down));
    const bool boxes = std::ranges::any_of(row, [&](int c) { return !cell(c).lane; });
    double sum = 0, counted = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      Cell& at = cell(row[i]);
      at.x = i == 0 ? want[0] : std::max(want[i], cell(row[i - 1]).x + gap(row[i - 1], row[i]));
      if (boxes && at.lane) continue;
      sum += want[i] - at.x;
      ++counted;
    }
    for (const int c : row) cell(c).x += sum / counted;
  }

  std::vector<Cell> cells_;
  std::vector<std::vector<int>> chains_;  ///< by arrow: the cells it passes
  std::vector<std::vector<int>> rows_;
};

}  // namespace

LayeredDrawing layered_drawing(int nodes, const std::vector<std::pair<int, int>>& arrows) {
  return Drawer(nodes, arrows).draw(nodes);
}

}  // namespace fovea
