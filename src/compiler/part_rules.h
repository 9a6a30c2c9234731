#pragma once

#include <vector>

#include "graph/graph.h"

namespace fovea {

/// Which concats and slices may go without a step, as far as the graph around them decides: a value lies in one whole
/// only, the caller's input and output are nobody's parts, and the parts of a concat are written by steps of their own.
class PartRules {
 public:
  /// `allowed` false: none.
  explicit PartRules(const Graph& graph, bool allowed = true);

  /// True for ops that are no concat or slice. To be asked once for each node, in order: the first concat that may be
  /// a view takes its inputs.
  bool may_be_view(const Node& node);

 private:
  bool takes_inputs(const Node& node);
  bool reaches_output(ValueId id) const;
  bool comes_from_input(ValueId id) const;

  const Graph& graph_;
  bool allowed_;
  GraphIndex index_;
  std::vector<bool> taken_;  ///< by value
};

}  // namespace fovea
