#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/candidates.h"
#include "compiler/compile.h"
#include "compiler/time_tactic.h"

namespace fovea {

/// What every node of a graph can run as, with costs: guessed at opt-level 0, else timed or looked up. Nodes with
/// equal views are asked and timed once. One thread at a time.
class CostTable {
 public:
  CostTable(const Backend& backend, Device& device, const CompileOptions& options, TimingCache& cache);

  /// Asks about all nodes of a graph on as many threads as the device likes: `of` then finds a library's answers there.
  /// Does nothing where a device likes one.
  void prepare(const Graph& graph);
  /// Candidates of a node with their costs. kUnsupported naming node, op and what each tactic said when there are none.
  const Candidates& of(const Graph& graph, const Node& node);
  /// The cheapest way to change a value's layout; null when nobody can. The candidate is a view where the bytes are
  /// equal.
  const Candidate* reformat(const OperandView& value, Layout from, Layout to);

  const CompileOptions& options() const { return options_; }
  int threads() const { return threads_; }
  const Backend& backend() const { return backend_; }
  Device& device() const { return device_; }

 private:
  Candidates ask(const NodeView& view) const;
  void keep_made(const NodeView& plain, const Weights& weights, std::size_t most, Candidates& found) const;
  void price(const NodeView& plain, const Weights& weights, Candidates& found);
  void guess(const NodeView& plain, Candidates& found) const;
  void measure(const NodeView& plain, const Weights& weights, Candidates& found);

  const Backend& backend_;
  Device& device_;
  const CompileOptions& options_;
  TimingCache& cache_;
  int threads_;
  TacticTimer timer_;
  std::map<std::string, Candidates> known_, asked_;  ///< by view; asked_: without costs yet
};

}  // namespace fovea
