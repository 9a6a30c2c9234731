#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/runner.h"

namespace fovea {

/// What became of one image.
struct ImageResult {
  int sample = -1;                 ///< index into the dataset
  int label = -1;                  ///< the truth
  int predicted = -1;              ///< the most probable class; among equals the lowest index; −1: not a number
  int rank = 0;                    ///< how many classes came before the truth
  float probability_of_truth = 0;  ///< as the runner gave it
  float probability = 0;           ///< of the predicted class
};

/// Accuracies are fractions 0–1. Images are in the order of the samples; those that failed to decode are counted only.
/// An image whose probabilities hold NaN or infinity is wrong, with the loss of a probability of 0.
struct EvalResult {
  int classes = 0;
  std::vector<ImageResult> images;
  int skipped = 0;
  int not_finite = 0;  ///< images whose probabilities hold NaN or infinity; they are in no cell of the confusion
  double top1 = 0, top5 = 0;
  double mean_loss = 0;                     ///< cross-entropy in nats; probabilities below 1e-12 count as that
  std::vector<std::vector<int>> confusion;  ///< [truth][predicted]
};

struct EvalOptions {
  int batch = 32;
  int threads = 0;  ///< decoding
  DecodeLimits limits;
  std::function<void(int done, int all)> progress;  ///< after each batch
};

/// kInvalidArgument when the runner has fewer classes than the labels need or no image could be used; kCancelled.
EvalResult evaluate(Runner& runner, const Dataset& dataset, const std::vector<int>& samples,
                    const EvalOptions& options = {});

/// One batch's probabilities as results; evaluate() is this over a Loader.
std::vector<ImageResult> judge(std::span<const float> probabilities, int classes, std::span<const int> labels,
                               std::span<const int> samples);
/// Totals of `images`; fills everything but `skipped`.
EvalResult summarize(std::vector<ImageResult> images, int classes);

/// Whether the top-1 is no better than guessing: within two standard deviations of one in `classes`, on at least 20
/// images. The preprocessing is probably wrong then.
bool near_chance(const EvalResult& result);
/// Says so in one line where it is near chance; `what`: "the model".
void warn_near_chance(const EvalResult& result, const std::string& what);

/// {top1, top5, images, skipped, not_finite, mean_loss, confusion}
nlohmann::json to_json(const EvalResult& result);

}  // namespace fovea
