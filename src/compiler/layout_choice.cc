#include "compiler/layout_choice.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "base/cancel.h"
#include "base/error.h"
#include "base/log/progress.h"
#include "compiler/choose.h"
#include "compiler/part_rules.h"

namespace fovea {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr int kLayouts = 3;

/// A state of a value: the layout it is made in, and the set of layouts that it is there in after reformats.
struct Availability {
  int made;
  int available;  ///< bit per layout
};

class Problem {
 public:
  Problem(const Graph& graph, CostTable& costs, const LayoutOptions& options)
      : graph_(graph), costs_(costs), options_(options) {}

  LayoutPlan solve() {
    add_nodes();
    add_values();
    const Choice choice = choose(problem_);
    LayoutPlan made;
    made.exact = choice.exact;
    for (std::size_t n = 0; n < kept_.size(); ++n)
      made.nodes.push_back(kept_[n][static_cast<std::size_t>(choice.states[n])]);
    made.microseconds = choice.cost;
    require(choice.cost < kNever, ErrorKind::kUnsupported,
            "[compile] no tactics of {} fit together: a layout cannot be "
            "changed into another",
            costs_.backend().name());
    return made;
  }

 private:
  /// Of candidates with equal layouts only the cheapest can be chosen.
  std::vector<const Candidate*> cheapest(const Candidates& found, bool views) const {
    std::vector<const Candidate*> kept;
    for (const Candidate& candidate : found.all) {
      if (candidate.microseconds == kNever || (!views && !candidate.tactic)) continue;
      const auto same = std::ranges::find_if(kept, [&](const Candidate* other) {
        return other->inputs == candidate.inputs && other->outputs == candidate.outputs;
      });
      if (same == kept.end())
        kept.push_back(&candidate);
      else if (candidate.microseconds < (*same)->microseconds)
        *same = &candidate;
    }
    return kept;
  }

  void prefer_layout(std::vector<const Candidate*>& kept) const {
    if (!options_.only) return;
    const auto fits = [&](const Candidate* c) {
      return std::ranges::all_of(c->outputs, [&](Layout l) { return l == *options_.only; });
    };
    if (std::ranges::any_of(kept, fits)) std::erase_if(kept, [&](const Candidate* c) { return !fits(c); });
  }

  void add_nodes() {
    std::optional<Progress> progress;  // the first look at a graph takes long, variants find everything known
    if (!options_.quiet && !options_.only && options_.reformat_weight == 1)
      progress.emplace("tactics", static_cast<std::int64_t>(graph_.nodes().size()), "nodes");
    PartRules parts(graph_, costs_.options().parts);
    for (const Node& node : graph_.nodes()) {
      throw_if_cancelled();
      kept_.push_back(cheapest(costs_.of(graph_, node), parts.may_be_view(node)));
      forbid_view_of_input(node);
      prefer_layout(kept_.back());
      std::vector<double> cost;
      for (const Candidate* candidate : kept_.back()) cost.push_back(candidate->microseconds);
      require(!cost.empty(), ErrorKind::kUnsupported, "[compile] node {} ({}) has no tactic that could be made",
              node.name, display_name(node.op));
      problem_.variables.push_back(std::move(cost));
      if (progress) progress->advance();
    }
  }

  /// The caller's input cannot be the caller's output.
  void forbid_view_of_input(const Node& node) {
    const bool whole = std::ranges::find(graph_.outputs(), node.outputs[0]) != graph_.outputs().end() &&
                       std::ranges::find(graph_.inputs(), node.inputs[0]) != graph_.inputs().end();
    if (whole) std::erase_if(kept_.back(), [](const Candidate* c) { return c->tactic == nullptr; });
  }

  void add_values() {
    const GraphIndex index(graph_);
    for (ValueId id = 0; id < static_cast<ValueId>(graph_.values().size()); ++id) {
      const Value& value = graph_.value(id);
      if (value.is_constant() || value.shape.rank() != 4 || index.use_count(id) == 0) continue;
      add_value(index, id);
    }
  }

  OperandView operand(const Value& value) const {
    OperandView view;
    view.dtype = value.dtype;
    view.shape = value.shape;
    view.quant = value.quant;
    return view;
  }

  /// All layouts that any consumer could want of a value, so that useless states are not made.
  int wanted(const GraphIndex& index, ValueId id) const {
    int bits = 0;
    for (const int c : index.consumers(id)) {
      const Node& node = graph_.nodes()[static_cast<std::size_t>(c)];
      for (std::size_t i = 0; i < node.inputs.size(); ++i)
        if (node.inputs[i] == id)
          for (const Candidate* candidate : kept_[static_cast<std::size_t>(c)])
            bits |= 1 << static_cast<int>(candidate->inputs[i]);
    }
    return bits;
  }

  double reformat_cost(const OperandView& view, const Availability& state) {
    double sum = 0;
    for (int to = 0; to < kLayouts; ++to) {
      if (to == state.made || !(state.available >> to & 1)) continue;
      const Candidate* change = costs_.reformat(view, static_cast<Layout>(state.made), static_cast<Layout>(to));
      sum += change ? options_.reformat_weight * change->microseconds : kNever;
    }
    return sum;
  }

  void add_value(const GraphIndex& index, ValueId id) {
    const bool is_input = index.producer(id) < 0;
    const bool is_output = std::ranges::find(graph_.outputs(), id) != graph_.outputs().end();
    const int useful = wanted(index, id) | (is_output ? 1 : 0);
    std::vector<Availability> states;
    std::vector<double> cost;
    for (int made = 0; made < (is_input ? 1 : kLayouts); ++made)
      for (int available = 1; available < 1 << kLayouts; ++available) {
        if (!(available >> made & 1) || (available & ~useful & ~(1 << made)) || (is_output && !(available & 1)))
          continue;
        states.push_back({made, available});
        cost.push_back(reformat_cost(operand(graph_.value(id)), states.back()));
      }
    const int variable = static_cast<int>(problem_.variables.size());
    problem_.variables.push_back(std::move(cost));
    if (!is_input) link_producer(index.producer(id), id, variable, states);
    std::vector<int> consumers = index.consumers(id);
    std::ranges::sort(consumers);
    consumers.erase(std::unique(consumers.begin(), consumers.end()), consumers.end());
    for (const int c : consumers) link_consumer(c, id, variable, states);
  }

  void link_producer(int n, ValueId id, int variable, const std::vector<Availability>& states) {
    const Node& node = graph_.nodes()[static_cast<std::size_t>(n)];
    const auto place = static_cast<std::size_t>(std::ranges::find(node.outputs, id) - node.outputs.begin());
    ChoiceProblem::Edge edge{n, variable, {}};
    for (const Candidate* candidate : kept_[static_cast<std::size_t>(n)])
      for (const Availability& state : states)
        edge.cost.push_back(static_cast<int>(candidate->outputs[place]) == state.made ? 0 : kNever);
    problem_.edges.push_back(std::move(edge));
  }

  void link_consumer(int n, ValueId id, int variable, const std::vector<Availability>& states) {
    const Node& node = graph_.nodes()[static_cast<std::size_t>(n)];
    ChoiceProblem::Edge edge{n, variable, {}};
    for (const Candidate* candidate : kept_[static_cast<std::size_t>(n)])
      for (const Availability& state : states) {
        bool there = true;
        for (std::size_t i = 0; i < node.inputs.size(); ++i)
          if (node.inputs[i] == id) there &= (state.available >> static_cast<int>(candidate->inputs[i]) & 1) != 0;
        edge.cost.push_back(there ? 0 : kNever);
      }
    problem_.edges.push_back(std::move(edge));
  }

  const Graph& graph_;
  CostTable& costs_;
  const LayoutOptions& options_;
  std::vector<std::vector<const Candidate*>> kept_;  ///< states of the nodes' variables, which come first
  ChoiceProblem problem_;
};

}  // namespace

LayoutPlan choose_layouts(const Graph& graph, CostTable& costs, const LayoutOptions& options) {
  return Problem(graph, costs, options).solve();
}

}  // namespace fovea
