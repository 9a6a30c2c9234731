#include "compiler/choose.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"

namespace fovea {
namespace {

double cost_of(const ChoiceProblem& problem, const std::vector<int>& states) {
  double sum = 0;
  for (std::size_t v = 0; v < states.size(); ++v) sum += problem.variables[v][static_cast<std::size_t>(states[v])];
  for (const auto& edge : problem.edges) {
    const std::size_t columns = problem.variables[static_cast<std::size_t>(edge.b)].size();
    const auto a = static_cast<std::size_t>(states[static_cast<std::size_t>(edge.a)]);
    const auto b = static_cast<std::size_t>(states[static_cast<std::size_t>(edge.b)]);
    sum += edge.cost[a * columns + b];
  }
  return sum;
}

double brute_force(const ChoiceProblem& problem) {
  std::vector<int> states(problem.variables.size(), 0);
  double best = cost_of(problem, states);
  for (std::size_t v = 0; v < states.size();) {
    if (static_cast<std::size_t>(++states[v]) < problem.variables[v].size()) {
      best = std::min(best, cost_of(problem, states));
      v = 0;
    } else {
      states[v++] = 0;
    }
  }
  return best;
}

/// `density`: chance of an edge between any two variables; some combinations are forbidden.
ChoiceProblem random_problem(std::uint64_t seed, double density) {
  Random random({seed});
  ChoiceProblem problem;
  const auto count = static_cast<int>(2 + random.below(7));
  for (int v = 0; v < count; ++v) {
    std::vector<double> cost(1 + random.below(4));
    for (double& c : cost) c = static_cast<double>(random.below(50));
    problem.variables.push_back(cost);
  }
  for (int a = 0; a < count; ++a)
    for (int b = a + 1; b < count; ++b) {
      if (!random.chance(density)) continue;
      ChoiceProblem::Edge edge{a, b, {}};
      const bool swapped = random.chance(0.5);
      if (swapped) std::swap(edge.a, edge.b);
      edge.cost.resize(problem.variables[static_cast<std::size_t>(a)].size() *
                       problem.variables[static_cast<std::size_t>(b)].size());
      for (double& c : edge.cost)
        c = random.chance(0.1) ? std::numeric_limits<double>::infinity() : static_cast<double>(random.below(30));
      problem.edges.push_back(edge);
      if (random.chance(0.1)) problem.edges.push_back(edge);
    }
  return problem;
}

TEST(Choose, EqualsBruteForceOnRandomGraphs) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const ChoiceProblem problem = random_problem(seed, seed % 3 == 0 ? 0.9 : 0.4);
    const Choice choice = choose(problem);
    EXPECT_TRUE(choice.exact) << seed;
    EXPECT_DOUBLE_EQ(choice.cost, brute_force(problem)) << seed;
    if (choice.cost < std::numeric_limits<double>::infinity()) {
      EXPECT_DOUBLE_EQ(cost_of(problem, choice.states), choice.cost) << seed;
    }
  }
}

TEST(Choose, SolvesChainsAndRejoiningBranchesWithoutBranching) {
  ChoiceProblem problem;
  Random random({1});
  for (int v = 0; v < 300; ++v) problem.variables.push_back({random.uniform(0, 9), random.uniform(0, 9)});
  const auto edge = [&](int a, int b) { problem.edges.push_back({a, b, {0, 5, 5, 0}}); };
  for (int v = 0; v + 3 < 300; v += 3) {
    edge(v, v + 1);
    edge(v + 1, v + 2);
    edge(v + 2, v + 3);
    edge(v, v + 3);
  }
  const Choice choice = choose(problem, 0);
  EXPECT_TRUE(choice.exact);
  EXPECT_NEAR(cost_of(problem, choice.states), choice.cost, 1e-9);
}

TEST(Choose, SaysWhenItGuessed) {
  ChoiceProblem problem;
  Random random({2});
  for (int v = 0; v < 20; ++v) problem.variables.push_back({random.uniform(0, 9), random.uniform(0, 9)});
  for (int a = 0; a < 20; ++a)
    for (int b = a + 1; b < 20; ++b)
      problem.edges.push_back({a, b, {random.uniform(), random.uniform(), random.uniform(), random.uniform()}});
  const Choice guessed = choose(problem, 0);
  EXPECT_FALSE(guessed.exact);
  EXPECT_NEAR(cost_of(problem, guessed.states), guessed.cost, 1e-9);
  EXPECT_LE(choose(problem, 100'000).cost, guessed.cost + 1e-9);
}

TEST(Choose, OfNothingIsNothing) { EXPECT_EQ(choose({}).cost, 0); }

}  // namespace
}  // namespace fovea
