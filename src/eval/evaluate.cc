#include "eval/evaluate.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/log/log.h"
#include "data/loader.h"

namespace fovea {
namespace {

ImageResult judge_one(std::span<const float> p, int label, int sample) {
  if (!std::ranges::all_of(p, [](float value) { return std::isfinite(value); }))
    return {sample, label, -1, static_cast<int>(p.size()), 0, 0};
  ImageResult result{sample, label, 0, 0, p[static_cast<std::size_t>(label)], 0};
  const auto best = std::max_element(p.begin(), p.end());
  result.predicted = static_cast<int>(best - p.begin());
  result.probability = *best;
  for (std::size_t k = 0; k < p.size(); ++k) {
    const bool before =
        p[k] > result.probability_of_truth || (p[k] == result.probability_of_truth && static_cast<int>(k) < label);
    result.rank += before ? 1 : 0;
  }
  return result;
}

void check_labels(const Dataset& dataset, const std::vector<int>& samples, int classes) {
  for (const int sample : samples) {
    const int label = dataset.samples.at(static_cast<std::size_t>(sample)).label;
    require(label >= 0 && label < classes, ErrorKind::kInvalidArgument,
            "[eval] {} has class {}, the model has {} classes: a class map is missing",
            dataset.samples[static_cast<std::size_t>(sample)].file.string(), label, classes);
  }
}

}  // namespace

std::vector<ImageResult> judge(std::span<const float> probabilities, int classes, std::span<const int> labels,
                               std::span<const int> samples) {
  std::vector<ImageResult> results;
  results.reserve(labels.size());
  const auto width = static_cast<std::size_t>(classes);
  for (std::size_t i = 0; i < labels.size(); ++i)
    results.push_back(judge_one(probabilities.subspan(i * width, width), labels[i], samples[i]));
  return results;
}

EvalResult summarize(std::vector<ImageResult> images, int classes) {
  EvalResult result;
  result.classes = classes;
  result.images = std::move(images);
  const auto width = static_cast<std::size_t>(classes);
  result.confusion.assign(width, std::vector<int>(width, 0));
  int first = 0, among_five = 0;
  double loss = 0;
  for (const ImageResult& image : result.images) {
    first += image.predicted == image.label ? 1 : 0;
    among_five += image.predicted >= 0 && image.rank < 5 ? 1 : 0;
    loss -= std::log(std::max(1e-12, static_cast<double>(image.probability_of_truth)));
    if (image.predicted < 0)
      ++result.not_finite;
    else
      ++result.confusion[static_cast<std::size_t>(image.label)][static_cast<std::size_t>(image.predicted)];
  }
  const double n = std::max<double>(1, static_cast<double>(result.images.size()));
  result.top1 = first / n;
  result.top5 = among_five / n;
  result.mean_loss = loss / n;
  return result;
}

EvalResult evaluate(Runner& runner, const Dataset& dataset, const std::vector<int>& samples,
                    const EvalOptions& options) {
  check_labels(dataset, samples, runner.classes());
  LoaderOptions loading;
  loading.spec = runner.preprocess();
  loading.limits = options.limits;
  loading.batch = options.batch;
  loading.order = samples;
  loading.threads = options.threads;
  Loader loader(dataset, loading);
  std::vector<ImageResult> images;
  std::vector<float> probabilities;
  while (const auto batch = loader.next()) {
    probabilities.resize(static_cast<std::size_t>(batch->size()) * static_cast<std::size_t>(runner.classes()));
    runner.run(batch->pixels, batch->size(), probabilities);
    const auto judged = judge(probabilities, runner.classes(), batch->labels, batch->samples);
    images.insert(images.end(), judged.begin(), judged.end());
    if (options.progress) options.progress(static_cast<int>(images.size()), static_cast<int>(samples.size()));
  }
  require(!images.empty(), ErrorKind::kInvalidArgument, "[eval] none of {} images could be used", samples.size());
  EvalResult result = summarize(std::move(images), runner.classes());
  result.skipped = static_cast<int>(loader.skipped().size());
  if (result.not_finite > 0)
    log_warning("{} of {} images get probabilities that are NaN or infinite ({}): they count as wrong",
                result.not_finite, result.images.size(), runner.description());
  return result;
}

bool near_chance(const EvalResult& result) {
  const auto n = static_cast<double>(result.images.size());
  if (n < 20 || result.classes < 2) return false;
  const double chance = 1.0 / result.classes;
  return result.top1 <= chance + 2 * std::sqrt(chance * (1 - chance) / n);
}

void warn_near_chance(const EvalResult& result, const std::string& what) {
  if (!near_chance(result)) return;
  log_warning(
      "top-1 of {} is near chance ({:.1f} % on {} images): the preprocessing is probably wrong (--preprocess, or the "
      "class map)",
      what, 100 * result.top1, result.images.size());
}

nlohmann::json to_json(const EvalResult& result) {
  return {{"top1", result.top1},
          {"top5", result.top5},
          {"images", result.images.size()},
          {"skipped", result.skipped},
          {"not_finite", result.not_finite},
          {"mean_loss", result.mean_loss},
          {"confusion", result.confusion}};
}

}  // namespace fovea
