#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backend/api/tactic.h"
#include "graph/graph.h"

namespace fovea {

/// Where a value lives while the plan runs.
enum class Place : std::uint8_t {
  kNone,
  kArena,
  kInput,
  kOutput
};  ///< kNone: constants (packed with their steps), unused

struct ValuePlan {
  Place place = Place::kNone;
  Layout layout = Layout::kPlain;
  std::uint64_t offset = 0;  ///< arena: bytes from its start, a multiple of 64; input and output: which one
};

struct PlanStep {
  std::int32_t node = 0;  ///< index into graph.nodes(); steps stand in execution order
  std::string tactic;
  Config config;
  std::vector<Layout> input_layouts, output_layouts;  ///< equal those of the values' plans
  std::int32_t blob = -1;                             ///< index of the packed weights, −1: none
  std::uint64_t scratch_bytes = 0;
  std::uint64_t scratch_offset = 0;  ///< in the arena, a multiple of 64
};

/// What the compiler decided for one batch profile. `graph` is typed (dtypes, quantisation) and at the profile's batch;
/// it holds reformats as identity nodes. Value plans are by ValueId. A node without a step is a view: its one output
/// lies where its first input lies (a reshape of a plain value).
struct Plan {
  Graph graph;
  std::int64_t batch = 1;
  int threads = 1;
  std::vector<PlanStep> steps;
  std::vector<ValuePlan> values;
  std::uint64_t arena_bytes = 0;  ///< activations and scratch
  double microseconds = 0;  ///< as the compiler's timings predict; 0: unknown. Weighs profiles when a batch is covered
};

/// The view of a step's node by the plan's types and layouts: equal at build and at load.
NodeView step_view(const Plan& plan, const PlanStep& step);

/// Live sets of a plan: what its memory plan is measured by.
struct MemoryFigures {
  std::uint64_t arena_bytes = 0;
  std::uint64_t sum_of_values = 0;  ///< all activations, none reused
  /// With each step's scratch, what is written in place counted once: no plan for this order of steps is smaller.
  std::uint64_t largest_live_set = 0;
};
MemoryFigures memory_figures(const Plan& plan);

}  // namespace fovea
