#pragma once

#include <memory>
#include <vector>

#include "backend/api/tactic.h"

namespace fovea {

/// One thing to time: a tactic with its config on a view with concrete layouts.
struct TimedCandidate {
  const Tactic* tactic = nullptr;
  Config config;
  NodeView view;
};

/// Times candidates of one node against each other. Weights come from memory, as in a network larger than the caches;
/// images lie where the last run left them, as behind the step that made them. A candidate whose first run takes three
/// times the best so far is not run again; the others take turns, so that a slow moment of the machine hits all of
/// them, those far behind drop out, and the rest go on until the leader stands. The time of a candidate is the least
/// one seen: noise only adds. One thread at a time.
class TacticTimer {
 public:
  TacticTimer(Device& device, int threads);
  ~TacticTimer();
  /// Microseconds by candidate; infinity for one that could not be made.
  std::vector<double> time(const std::vector<TimedCandidate>& candidates, const Weights& weights);

 private:
  class Run;
  void race(std::vector<Run*>& racing);
  void make_room(const NodeView& view, std::size_t scratch_bytes);
  std::vector<std::unique_ptr<Run>> make_runs(const std::vector<TimedCandidate>& candidates, const Weights& weights);
  std::unique_ptr<Run> first_run(std::unique_ptr<Run> run, double best);
  Device& device_;
  std::unique_ptr<Stream> stream_;
  std::vector<std::unique_ptr<Buffer>> inputs_, outputs_;  ///< by operand, as large as any candidate needs
  std::vector<OperandView> filled_;                        ///< by input: what the numbers in the buffer are for
  std::unique_ptr<Buffer> scratch_;
};

}  // namespace fovea
