#pragma once

#include <vector>

namespace fovea {

/// One state for each variable, so that the sum of the variables' and the edges' costs is least: a partitioned boolean
/// quadratic problem (Scholz & Eckstein 2002). Costs are ≥ 0; infinity forbids.
struct ChoiceProblem {
  struct Edge {
    int a = 0, b = 0;          ///< two different variables
    std::vector<double> cost;  ///< [states of a][states of b]
  };
  std::vector<std::vector<double>> variables;  ///< cost of each state, at least one
  std::vector<Edge> edges;
};

struct Choice {
  std::vector<int> states;
  double cost = 0;
  bool exact = true;  ///< false where `most_branches` was not enough and a variable was set by its neighbourhood alone
};

/// Variables with at most two neighbours are eliminated without loss (rules R0, RI, RII: chains, residual blocks and
/// branches that join again are solved by them alone). What is left is tried state by state, best bound first, as
/// long as `most_branches` lasts; past that the heuristic RN decides. Deterministic.
Choice choose(const ChoiceProblem& problem, int most_branches = 2000);

}  // namespace fovea
