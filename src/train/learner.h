#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/loader.h"
#include "graph/graph.h"
#include "image/preprocess.h"
#include "train/meters.h"

// Internal: the part of training that computes, without LibTorch's types.
namespace fovea::train {

struct LearnerOptions {
  std::string device = "auto";
  bool bf16 = false;  ///< autocast
  bool head_only = false;
  double momentum = 0.9;    ///< Nesterov's where above 0
  double weight_decay = 0;  ///< of filters and matrices
  double label_smoothing = 0;
  double head_rate = 1;            ///< the head's learning rate as a multiple
  double depth_power = 0;          ///< a layer's learning rate times its depth (0 to 1) to this power
  double clip = 0;                 ///< largest norm of all gradients, each times its multiple; 0: no limit
  bool frozen_statistics = false;  ///< batch-norm keeps its running statistics
  bool unit_filters = false;       ///< steps as if every filter had norm 1 and a factor behind it
};

/// What a linear probe found; see Learner::start_head().
struct ProbeFigures {
  double penalty = 0, held_out_accuracy = 0;
  std::int64_t images = 0;
};

struct StateTensor {
  std::string name;  ///< of the graph's value; "momentum/" before it for the optimiser's
  Tensor tensor;
};

/// Stochastic gradient descent on one graph. One thread at a time. Errors of LibTorch are kInternal or kOutOfMemory.
class Learner {
 public:
  /// kUnsupported for a node without a gradient, kInvalidArgument when the input does not fit the spec.
  Learner(const Graph& graph, const PreprocessSpec& spec, const LearnerOptions& options);
  ~Learner();
  Learner(Learner&&) noexcept;
  Learner& operator=(Learner&&) noexcept;

  /// Loss and hits before the step. A loss that is no number leaves the weights alone; the caller looks at it.
  Figures step(const Batch& batch, double learning_rate, std::uint64_t seed);
  Figures evaluate(const Batch& batch);
  /// Batch-norm's statistics become the mean over the batches given since `seen` was 0: running averages of a few steps
  /// still hold where they started (Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021).
  void settle(const Batch& batch, int seen);
  bool has_statistics() const;

  /// Whether the head is linear in one vector of features per image, so that a probe can find its weights.
  bool head_is_linear() const;
  /// Remembers the head's inputs for the images of a batch, at inference. All views of the images in the same order.
  void observe_features(const Batch& batch);
  /// Makes the head the linear probe of what was observed in `views` passes, and forgets it.
  ProbeFigures start_head(std::int64_t views);

  Graph trained() const;
  std::string device() const;
  /// Everything that the next step depends on.
  std::vector<StateTensor> state() const;
  void restore(const std::vector<StateTensor>& state);  ///< kCorruptFile where names or shapes differ

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea::train
