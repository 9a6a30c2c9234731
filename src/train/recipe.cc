#include "train/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/parallel/parallel.h"
#include "data/split.h"
#include "graph/text.h"
#include "train/device.h"

namespace fovea::train {
namespace {

constexpr std::int64_t kSettledSteps = 1000;  ///< in fewer, weights move faster than running averages follow

/// What suits, where the user says nothing; learning rates for batches of 32, scaled with the batch.
struct Defaults {
  double lr, head_rate, depth_power, weight_decay, label_smoothing, warmup_epochs, clip;
  bool frozen_statistics, unit_filters;
  Augmentation augmentation;
};
const Defaults kFromScratch = {0.05, 1, 0, 1e-2, 0.1, 0.5, 0, false, false, {.min_area = 1, .flip = 0.5, .jitter = 0}};
/// Early layers, which see what all photos have in common, move less than late ones (Howard, Ruder 2018), and clipping
/// tames models whose batch-norm is folded away.
const Defaults kFineTuning = {0.02, 1, 1,    1e-4, 0.1,
                              0.5,  1, true, true, {.min_area = 0.5, .flip = 0.5, .jitter = 0.1F}};
/// Quantisation-aware: a trained model that is to stay what it is; every layer has errors to make up for.
const Defaults kQuantized = {0.002, 1, 0, 1e-5, 0, 0.5, 1, true, true, {.min_area = 0.7, .flip = 0.5, .jitter = 0}};

const Defaults& defaults_for(const TrainOptions& options) {
  if (!options.fine_tune) return kFromScratch;
  return options.quantized ? kQuantized : kFineTuning;
}

void check(const TrainOptions& options) {
  const auto need = [](bool good, const char* option, double given, const char* expected) {
    require(good, ErrorKind::kInvalidArgument, "[train] {} {} given, expected {}", option, given, expected);
  };
  need(options.epochs >= 1, "--epochs", options.epochs, "at least 1");
  need(options.views >= 0, "--views", options.views, "at least 1, or 0: by the number of images");
  need(options.batch >= 1, "--train-batch", options.batch, "at least 1");
  need(options.lr >= 0 && options.lr < 1e6, "--lr", options.lr, "a number above 0");
  need(options.weight_decay < 1, "--weight-decay", options.weight_decay, "a number below 1");
  need(options.momentum >= 0 && options.momentum < 1, "momentum", options.momentum, "0 to below 1");
  need(options.label_smoothing < 1, "label smoothing", options.label_smoothing, "a number below 1");
}

/// Few images teach a model that knows much already more when an epoch shows each of them in several ways (Hoffer et
/// al. 2020, "Augment your batch").
int views_of(const TrainOptions& options, std::int64_t train_images) {
  constexpr std::int64_t kEnough = 1600, kMost = 3;
  if (options.views > 0) return options.views;
  if (!options.fine_tune || options.freeze || options.quantized) return 1;
  return static_cast<int>(std::clamp<std::int64_t>((kEnough + train_images - 1) / train_images, 1, kMost));
}

Schedule schedule_of(const TrainOptions& options, const Defaults& defaults, std::int64_t steps) {
  const double warmup =
      options.warmup_epochs < 0 ? std::min(defaults.warmup_epochs, 0.5 * options.epochs) : options.warmup_epochs;
  const double rate = options.lr > 0 ? options.lr : defaults.lr * options.batch / 32.0;
  return {rate, static_cast<std::int64_t>(warmup * static_cast<double>(steps)), steps * options.epochs};
}

std::string graph_hash(const Graph& graph) {
  return content_hash(as_bytes(print(graph)));  // constants stand in it by content hash
}

std::string hashes(const std::vector<std::string>& list) {
  return content_hash(as_bytes(fmt::format("{}", fmt::join(list, " "))));
}

}  // namespace

Recipe make_recipe(const TrainOptions& options, std::int64_t train_images) {
  check(options);
  require(train_images > 0, ErrorKind::kInvalidArgument, "[train] the split has no training image");
  const Defaults& defaults = defaults_for(options);
  Recipe recipe;
  recipe.epochs = options.epochs;
  recipe.batch = options.batch;
  recipe.seed = options.seed;
  recipe.augmentation = options.augmentation.value_or(defaults.augmentation);
  recipe.views = views_of(options, train_images);
  const std::int64_t steps = recipe.views * steps_of(train_images, options.batch);
  recipe.schedule = schedule_of(options, defaults, steps);
  recipe.settles = !defaults.frozen_statistics && options.epochs * steps < kSettledSteps;
  recipe.learner = {.device = options.device,
                    .bf16 = options.bf16 && has_fast_bf16(device_from(options.device)),
                    .head_only = options.freeze,
                    .momentum = options.momentum,
                    .weight_decay = options.weight_decay < 0 ? defaults.weight_decay : options.weight_decay,
                    .label_smoothing = options.label_smoothing < 0 ? defaults.label_smoothing : options.label_smoothing,
                    .head_rate = defaults.head_rate,
                    .depth_power = defaults.depth_power,
                    .clip = defaults.clip,
                    .frozen_statistics = defaults.frozen_statistics,
                    .unit_filters = defaults.unit_filters};
  return recipe;
}

std::map<std::string, std::string> fingerprint(const Recipe& recipe, const Graph& graph, const Dataset& dataset,
                                               const DataSplit& split, const PreprocessSpec& spec) {
  const LearnerOptions& l = recipe.learner;
  const Augmentation& a = recipe.augmentation;
  return {{"network or initial weights", graph_hash(graph)},
          {"set of classes", fmt::format("{}", fmt::join(dataset.classes, ", "))},
          {"set of training images", hashes(split.train)},
          {"set of validation images", hashes(split.val)},
          {"preprocessing", to_json(spec).dump()},
          {"number of epochs", std::to_string(recipe.epochs)},
          {"batch", std::to_string(recipe.batch)},
          {"number of views", std::to_string(recipe.views)},
          {"seed", std::to_string(recipe.seed)},
          {"learning rate", fmt::format("{}", recipe.schedule.peak)},
          {"warm-up", fmt::format("{} steps", recipe.schedule.warmup_steps)},
          {"weight decay", fmt::format("{}", l.weight_decay)},
          {"momentum", fmt::format("{}", l.momentum)},
          {"label smoothing", fmt::format("{}", l.label_smoothing)},
          {"augmentation", fmt::format("area {} flip {} jitter {}", a.min_area, a.flip, a.jitter)},
          {"choice of layers", l.head_only ? "the head alone" : "all layers"},
          {"number type", l.bf16 ? "bf16" : "f32"}};
}

}  // namespace fovea::train
