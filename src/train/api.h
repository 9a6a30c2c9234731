#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/module.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/split.h"
#include "eval/runner.h"
#include "graph/graph.h"
#include "image/preprocess.h"

namespace fovea::train {

struct EpochFigures {
  int epoch = 0;                          ///< from 1
  double loss = 0, accuracy = 0;          ///< over the epoch's training images; plain cross-entropy, accuracy 0–1
  double val_loss = 0, val_accuracy = 0;  ///< over all validation images, after the epoch
  double seconds = 0, images_per_second = 0;
  double learning_rate = 0;  ///< of the last step
  std::string observation;   ///< one sentence computed from the figures
};

struct TrainOptions {
  int epochs = 5;
  int batch = 32;
  int views = 0;             ///< changed views of every image per epoch; 0: by `fine_tune` and the number of images
  double lr = 0;             ///< 0: by batch and `fine_tune`
  double weight_decay = -1;  ///< below 0: the default, by `fine_tune`
  double momentum = 0.9;
  double warmup_epochs = -1;                 ///< below 0: by epochs
  double label_smoothing = -1;               ///< below 0: the default
  std::optional<Augmentation> augmentation;  ///< empty: the default, by `fine_tune`
  std::uint64_t seed = 1;
  DecodeLimits limits;
  int threads = 0;
  std::string device = "auto";  ///< "auto", "cpu", "cuda[:N]"
  bool freeze = false;          ///< train the head only (the last gemm or convolution)
  bool fine_tune = false;       ///< weights are a base model's: gentler defaults
  bool new_head = false;        ///< with fine_tune: the head starts from a linear probe on frozen features
  bool quantized = false;       ///< with fine_tune: the graph holds Q/DQ nodes, whose scales train too; gentler still
  bool bf16 = true;             ///< autocast where the CPU has it
  std::filesystem::path checkpoint;  ///< written every epoch; empty: none
  bool resume = false;               ///< from `checkpoint`; one that is not there starts from the first epoch
  std::function<void(const EpochFigures&)> on_epoch;  ///< also for the epochs of a resumed checkpoint
};

struct TrainResult {
  Graph graph;  ///< with trained weights and running statistics, inference form, batch 1
  std::vector<EpochFigures> epochs;
  std::string device;  ///< "cpu", "cuda:0"
  std::vector<SkippedImage> skipped;
};

struct NetInfo {
  std::string name, description;
};

/// What libfovea_train.so offers; no LibTorch type. Calls are for one thread at a time.
class Api {
 public:
  virtual ~Api() = default;
  virtual std::string version() const = 0;  ///< "LibTorch 2.11.0"
  virtual std::vector<NetInfo> nets() const = 0;
  /// A net of the zoo with initial weights by seed (He), input f32 [1,3,size,size] → logits [1,classes].
  /// kInvalidArgument listing the nets.
  virtual Graph make_net(const std::string& net, int classes, int size, std::uint64_t seed) const = 0;
  /// `base` with its last fully connected layer (or classifier convolution) made anew for `classes`; a trailing softmax
  /// or activation is removed. kUnsupported naming what the graph ends in.
  virtual Graph replace_head(const Graph& base, int classes, std::uint64_t seed) const = 0;
  virtual TrainResult train(const Graph& graph, const Dataset& dataset, const DataSplit& split,
                            const PreprocessSpec& spec, const TrainOptions& options) const = 0;
  /// The plain model as a PyTorch user runs it: eager, fp32, NCHW, batch-norm unfolded. `logits_out`: whether the graph
  /// ends in logits (a softmax is then applied by the runner).
  virtual std::unique_ptr<Runner> eager(const Graph& graph, const PreprocessSpec& spec, bool logits_out, int threads,
                                        const std::string& device) const = 0;
};

/// Opens the module at first use; kUnsupported "built without training".
inline const Api& api() {
  using Get = const Api* (*)();
  static const Api* const module = reinterpret_cast<Get>(open_module("train", "fovea_train_api", "training"))();
  return *module;
}

}  // namespace fovea::train
