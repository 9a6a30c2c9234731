#pragma once

#include <vector>

#include "engine/plan.h"

namespace fovea {

/// The values of a plan as pieces of memory: views share that of the value they view, parts that of the whole.
struct Liveness {
  /// `made`: the step that writes it (−1: a graph input or nobody); `last`: the last step that reads it (the number of
  /// steps for graph outputs).
  struct Range {
    int made = -1;
    int last = -1;
  };
  std::vector<ValueId> root;          ///< by ValueId: whose memory it is (itself unless it is a view or a part)
  std::vector<std::uint64_t> offset;  ///< by ValueId: bytes from where its root begins
  std::vector<int> ready;    ///< by ValueId: the step after which all of it is there (−1: a graph input or nobody)
  std::vector<Range> range;  ///< by ValueId, kept at roots only
};

/// The view of a node without a step, by the plan's layouts.
NodeView stepless_view(const Plan& plan, const Node& node);

/// Ids and node indices of the plan must be in range, and its nodes in topological order.
Liveness liveness(const Plan& plan);

/// Bytes of a value in its plan's layout.
std::uint64_t value_bytes(const Plan& plan, ValueId id);

}  // namespace fovea
