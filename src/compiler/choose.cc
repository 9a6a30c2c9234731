#include "compiler/choose.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/cancel.h"
#include "base/error.h"

namespace fovea {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// Cost matrix seen from one end.
struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<double> cost;
  Matrix(std::size_t r, std::size_t c) : rows(r), columns(c), cost(r * c, 0.0) {}
  double& at(std::size_t r, std::size_t c) { return cost[r * columns + c]; }
  double at(std::size_t r, std::size_t c) const { return cost[r * columns + c]; }
};

/// How to find an eliminated variable's state from those of its neighbours.
struct Eliminated {
  int variable;
  std::vector<int> neighbors;      ///< none, one or two
  std::vector<std::size_t> sizes;  ///< their numbers of states
  std::vector<int> best;           ///< by the neighbours' states, row-major
};

class Solver {
 public:
  explicit Solver(const ChoiceProblem& problem) : cost_(problem.variables), links_(cost_.size()), open_(cost_.size()) {
    for (std::size_t v = 0; v < cost_.size(); ++v) open_[v] = true;
    for (const ChoiceProblem::Edge& edge : problem.edges) {
      Matrix m(states(edge.a), states(edge.b));
      m.cost = edge.cost;
      add_edge(edge.a, edge.b, m);
    }
  }

  /// Least cost, where it is below `limit`; the states stand in `chosen` then. `budget`: branches left.
  double solve(double limit, int& budget, bool& exact, std::vector<int>& chosen) {
    while (reduce_one()) {
    }
    const int hard = hardest();
    if (hard < 0) {
      chosen.assign(cost_.size(), 0);
      if (base_ < limit) undo(chosen);
      return base_;
    }
    if (bound() >= limit) return kNever;
    const std::vector<int> order = states_by_promise(hard);
    if (budget < static_cast<int>(order.size())) {
      exact = false;
      return branch(hard, order[0], limit, budget, exact, chosen);
    }
    double best = limit;
    std::vector<int> trial;
    for (const int state : order) {
      const double cost = branch(hard, state, best, budget, exact, trial);
      if (cost >= best) continue;
      best = cost;
      chosen = trial;
    }
    return best < limit ? best : kNever;
  }

 private:
  std::size_t states(int v) const { return cost_[static_cast<std::size_t>(v)].size(); }
  std::vector<double>& cost(int v) { return cost_[static_cast<std::size_t>(v)]; }
  const std::vector<double>& cost(int v) const { return cost_[static_cast<std::size_t>(v)]; }
  std::map<int, Matrix>& links(int v) { return links_[static_cast<std::size_t>(v)]; }
  const std::map<int, Matrix>& links(int v) const { return links_[static_cast<std::size_t>(v)]; }

  void add_edge(int a, int b, const Matrix& m) {
    auto& ab = links(a).try_emplace(b, m.rows, m.columns).first->second;
    auto& ba = links(b).try_emplace(a, m.columns, m.rows).first->second;
    for (std::size_t r = 0; r < m.rows; ++r)
      for (std::size_t c = 0; c < m.columns; ++c) {
        ab.at(r, c) += m.at(r, c);
        ba.at(c, r) += m.at(r, c);
      }
  }

  void close(int v) {
    for (const auto& [neighbor, matrix] : links(v)) links(neighbor).erase(v);
    links(v).clear();
    open_[static_cast<std::size_t>(v)] = false;
  }

  bool reduce_one() {
    for (const std::size_t degree : {0U, 1U, 2U})
      for (std::size_t v = 0; v < cost_.size(); ++v)
        if (open_[v] && links_[v].size() == degree) {
          eliminate(static_cast<int>(v));
          return true;
        }
    return false;
  }

  /// The variable's cheapest state for every combination of its (at most two) neighbours' states becomes their cost.
  void eliminate(int v) {
    Eliminated record{v, {}, {1, 1}, {}};
    std::vector<const Matrix*> matrix;
    for (const auto& [neighbor, m] : links(v)) {
      record.sizes[record.neighbors.size()] = m.columns;
      record.neighbors.push_back(neighbor);
      matrix.push_back(&m);
    }
    Matrix least(record.sizes[0], record.sizes[1]);
    for (std::size_t i = 0; i < record.sizes[0]; ++i)
      for (std::size_t j = 0; j < record.sizes[1]; ++j) {
        double best = kNever;
        int state = 0;
        for (std::size_t s = 0; s < states(v); ++s) {
          double c = cost(v)[s];
          if (!matrix.empty()) c += matrix[0]->at(s, i);
          if (matrix.size() > 1) c += matrix[1]->at(s, j);
          if (c < best) {
            best = c;
            state = static_cast<int>(s);
          }
        }
        least.at(i, j) = best;
        record.best.push_back(state);
      }
    close(v);
    if (record.neighbors.empty()) {
      base_ += least.at(0, 0);
    } else if (record.neighbors.size() == 1) {
      for (std::size_t i = 0; i < least.rows; ++i) cost(record.neighbors[0])[i] += least.at(i, 0);
    } else {
      add_edge(record.neighbors[0], record.neighbors[1], least);
    }
    done_.push_back(std::move(record));
  }

  /// The open variable with most neighbours; −1 when all are eliminated.
  int hardest() const {
    int found = -1;
    for (std::size_t v = 0; v < cost_.size(); ++v)
      if (open_[v] && (found < 0 || links_[v].size() > links(found).size())) found = static_cast<int>(v);
    return found;
  }

  /// No choice of what is open costs less.
  double bound() const {
    double sum = base_;
    for (std::size_t v = 0; v < cost_.size(); ++v) {
      if (!open_[v]) continue;
      sum += *std::min_element(cost_[v].begin(), cost_[v].end());
      for (const auto& [neighbor, m] : links_[v])
        if (neighbor > static_cast<int>(v)) sum += *std::min_element(m.cost.begin(), m.cost.end());
    }
    return sum;
  }

  /// By the state's own cost plus the least that each neighbour adds (rule RN takes the first).
  std::vector<int> states_by_promise(int v) const {
    std::vector<std::pair<double, int>> order;
    for (std::size_t s = 0; s < states(v); ++s) {
      double sum = cost(v)[s];
      for (const auto& [neighbor, m] : links(v)) {
        double least = kNever;
        for (std::size_t t = 0; t < m.columns; ++t) least = std::min(least, m.at(s, t) + cost(neighbor)[t]);
        sum += least;
      }
      order.emplace_back(sum, static_cast<int>(s));
    }
    std::sort(order.begin(), order.end());
    std::vector<int> made;
    for (const auto& [sum, state] : order) made.push_back(state);
    return made;
  }

  double branch(int v, int state, double limit, int& budget, bool& exact, std::vector<int>& chosen) const {
    throw_if_cancelled();
    --budget;
    Solver fixed = *this;
    const auto s = static_cast<std::size_t>(state);
    fixed.base_ += cost(v)[s];
    for (const auto& [neighbor, m] : links(v))
      for (std::size_t t = 0; t < m.columns; ++t) fixed.cost(neighbor)[t] += m.at(s, t);
    fixed.close(v);
    fixed.done_.push_back({v, {}, {1, 1}, {state}});
    return fixed.solve(limit, budget, exact, chosen);
  }

  /// States of the eliminated variables, last first: each depends on later ones only.
  void undo(std::vector<int>& chosen) const {
    for (auto record = done_.rbegin(); record != done_.rend(); ++record) {
      std::size_t at = 0;
      for (std::size_t k = 0; k < 2; ++k) {
        at *= record->sizes[k];
        if (k < record->neighbors.size())
          at += static_cast<std::size_t>(chosen[static_cast<std::size_t>(record->neighbors[k])]);
      }
      chosen[static_cast<std::size_t>(record->variable)] = record->best[at];
    }
  }

  std::vector<std::vector<double>> cost_;
  std::vector<std::map<int, Matrix>> links_;
  std::vector<bool> open_;
  std::vector<Eliminated> done_;
  double base_ = 0;
};

}  // namespace

Choice choose(const ChoiceProblem& problem, int most_branches) {
  Choice made;
  Solver solver(problem);
  int budget = most_branches;
  made.cost = solver.solve(kNever, budget, made.exact, made.states);
  if (made.states.empty()) made.states.assign(problem.variables.size(), 0);
  return made;
}

}  // namespace fovea
