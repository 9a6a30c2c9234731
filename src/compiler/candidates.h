#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/api/tactic.h"

namespace fovea {

/// One way to run a node: who, how, and with which layouts. `tactic` is null for a view, which costs nothing: its
/// output lies where its input lies, or in it (slice), or its inputs lie in its output (concat).
struct Candidate {
  const Tactic* tactic = nullptr;
  Config config;
  std::vector<Layout> inputs, outputs;
  double microseconds = 0;  ///< timed, looked up or (opt-level 0) guessed
};

struct Refusal {
  std::string tactic, reason;
};

/// Everything that can run a node, and what the other tactics said.
struct Candidates {
  std::vector<Candidate> all;
  std::vector<Refusal> refused;
};

/// The view of a node as `candidate` would run it.
NodeView with_layouts(NodeView view, const std::vector<Layout>& inputs, const std::vector<Layout>& outputs);

/// Choices of layouts that are worth asking about: one for the first image, one for the other images (equal to that of
/// the first or of the results), one for the results. Values of rank ≠ 4 and constants are plain.
struct LayoutChoice {
  std::vector<Layout> inputs, outputs;
  bool operator==(const LayoutChoice&) const = default;
};
std::vector<LayoutChoice> layout_choices(const NodeView& view);

/// Asks every tactic of the backend about every choice. `most_configs`: of each tactic.
Candidates find_candidates(const NodeView& plain, const Backend& backend, const DeviceInfo& device,
                           std::size_t most_configs);

/// True where a value has the same bytes in both layouts (one pixel, or one channel).
bool same_bytes(const Shape& shape, Layout a, Layout b);
/// The node that changes a value's layout.
NodeView reformat_view(const OperandView& value, Layout from, Layout to, int threads);

}  // namespace fovea
