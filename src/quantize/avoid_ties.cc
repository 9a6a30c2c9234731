#include "quantize/avoid_ties.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quantize/roles.h"

namespace fovea {
namespace {

constexpr std::int64_t kMostQ = 1023, kMostAddedQ = 9;
constexpr double kSlack = 1.0 / 128, kEqual = 1e-6;  ///< what counts as equal: scales are floats

/// Values that must have one scale, as nodes between them only move elements.
class Groups {
 public:
  Groups(const Graph& graph, const Grid& grid) : parent_(graph.values().size()), fixed_(graph.values().size()) {
    std::iota(parent_.begin(), parent_.end(), ValueId{0});
    for (const Node& node : graph.nodes()) {
      if (role_of(graph, node) != Role::kCarry) continue;
      std::vector<ValueId> all = node.outputs;
      for (const std::size_t i : data_inputs(graph, node)) all.push_back(node.inputs[i]);
      const bool stored =
          std::ranges::all_of(all, [&](ValueId id) { return grid.activations.contains(graph.value(id).name); });
      if (!stored) continue;
      for (const ValueId id : all) parent_[at(top(id))] = top(all[0]);
    }
  }
  ValueId top(ValueId id) {
    while (parent_[at(id)] != id) id = parent_[at(id)] = parent_[at(parent_[at(id)])];
    return id;
  }
  bool same(ValueId a, ValueId b) { return top(a) == top(b); }
  /// False where it was fixed before.
  bool fix(ValueId id) {
    const bool first = !fixed_[at(top(id))];
    fixed_[at(top(id))] = true;
    return first;
  }

 private:
  static std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }
  std::vector<ValueId> parent_;
  std::vector<bool> fixed_;
};

class TieAvoider {
 public:
  TieAvoider(const Graph& graph, Grid& grid) : graph_(graph), grid_(grid), groups_(graph, grid) {}

  void run() {
    for (const Node& node : graph_.nodes()) relate_sums(node);
    for (const Node& node : graph_.nodes())
      if (const auto found = grid_.weights.find(node.name); found != grid_.weights.end()) fit(node, found->second);
  }

 private:
  float* scale(ValueId id) {
    const auto found = id == kNoValue ? grid_.activations.end() : grid_.activations.find(graph_.value(id).name);
    return found == grid_.activations.end() ? nullptr : &found->second.scale;
  }

  void set(ValueId id, double scale) {
    for (ValueId other = 0; other < static_cast<ValueId>(graph_.values().size()); ++other)
      if (groups_.same(id, other))
        if (const auto found = grid_.activations.find(graph_.value(other).name); found != grid_.activations.end())
          found->second.scale = static_cast<float>(scale);
  }

  /// sy and what is added to it as a fraction of it; sums in the order in which they are made.
  void relate_sums(const Node& node) {
    const bool weighted = grid_.weights.contains(node.name);
    if (!weighted && role_of(graph_, node) != Role::kCombine) return;
    const ValueId y = node.outputs[0];
    if (scale(y) == nullptr) return;
    for (const std::size_t i : data_inputs(graph_, node)) {
      const ValueId added = node.inputs[i];
      if ((weighted && i == 0) || scale(added) == nullptr || groups_.same(added, y)) continue;
      const double step = static_cast<double>(*scale(y)), each = static_cast<double>(*scale(added));
      const bool free = groups_.fix(added);
      if (groups_.fix(y))
        set(y, each / simple(each / step, false));
      else if (free)
        set(added, step * simple(each / step, true));
    }
  }

  /// The p / q with a small odd q that is next to `ratio` from above or below.
  static double simple(double ratio, bool above) {
    double best = 0;
    for (std::int64_t q = 1; q <= kMostAddedQ || best == 0; q += 2) {
      const double times = ratio * static_cast<double>(q);
      const double found =
          (above ? std::ceil(times * (1 - kEqual)) : std::floor(times * (1 + kEqual))) / static_cast<double>(q);
      if (found > 0 && (best == 0 || std::abs(found - ratio) < std::abs(best - ratio))) best = found;
    }
    return best;
  }

  void fit(const Node& node, std::vector<float>& weights) {
    const float *x = scale(node.inputs[0]), *y = scale(node.outputs[0]);
    if (x == nullptr || y == nullptr) return;
    const double steps = static_cast<double>(*x) / static_cast<double>(*y);
    for (float& weight : weights)
      weight = static_cast<float>(odd_fraction(static_cast<double>(weight) * steps, kSlack).value() / steps);
  }

  const Graph& graph_;
  Grid& grid_;
  Groups groups_;
};

}  // namespace

OddFraction odd_fraction(double ratio, double slack) {
  for (std::int64_t q = 1; q <= kMostQ; q += 2) {
    const auto p = static_cast<std::int64_t>(std::ceil(ratio * static_cast<double>(q) * (1 - kEqual)));
    if (static_cast<double>(p) <= ratio * static_cast<double>(q) * (1 + slack)) return {p, q};
  }
  const auto whole = static_cast<std::int64_t>(std::floor(std::min(1 / ratio, 1e15)));
  return {1, whole % 2 == 1 ? whole : whole - 1};
}

void avoid_ties(const Graph& graph, Grid& grid) { TieAvoider(graph, grid).run(); }

}  // namespace fovea
