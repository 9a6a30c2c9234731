#include "train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/cancel.h"
#include "base/error.h"
#include "base/io/hash.h"
#include "base/log/log.h"
#include "base/log/progress.h"
#include "base/random.h"
#include "data/loader.h"
#include "train/checkpoint.h"
#include "train/device.h"
#include "train/observation.h"
#include "train/recipe.h"

namespace fovea::train {
namespace {

class Run {
 public:
  Run(const Graph& graph, const Dataset& dataset, const DataSplit& split, const PreprocessSpec& spec,
      const TrainOptions& options)
      : dataset_(dataset),
        spec_(spec),
        options_(options),
        train_(part_of(dataset, split, Part::kTrain)),
        val_(part_of(dataset, split, Part::kVal)),
        recipe_(make_recipe(options, static_cast<std::int64_t>(train_.size()))),
        fingerprint_(fingerprint(recipe_, graph, dataset, split, spec)),
        learner_(graph, spec, recipe_.learner) {
    require(!val_.empty(), ErrorKind::kInvalidArgument, "[train] the split has no validation image");
  }

  TrainResult result() {
    resume();
    for (int epoch = static_cast<int>(epochs_.size()) + 1; epoch <= recipe_.epochs; ++epoch) {
      EpochFigures figures;
      figures.epoch = epoch;
      train_epoch(figures);
      if (recipe_.settles && learner_.has_statistics()) settle(figures.epoch);
      validate(figures);
      epochs_.push_back(figures);
      epochs_.back().observation = observe(epochs_, static_cast<int>(dataset_.classes.size()));
      save();
      if (options_.on_epoch) options_.on_epoch(epochs_.back());
    }
    Graph trained = learner_.trained();
    trained.set_batch(1);
    return {std::move(trained), epochs_, learner_.device(), skipped_};
  }

 private:
  void train_epoch(EpochFigures& figures) {
    Loader loader = open(shuffled(train_, recipe_.seed, figures.epoch), figures.epoch, recipe_.augmentation);
    Progress progress(fmt::format("epoch {}/{}", figures.epoch, recipe_.epochs),
                      static_cast<std::int64_t>(train_.size()), "images");
    AccuracyMeter meter;
    const RateMeter rate;
    std::int64_t step = (figures.epoch - 1) * steps_of(static_cast<std::int64_t>(train_.size()), recipe_.batch);
    while (const std::optional<Batch> batch = loader.next()) {
      throw_if_cancelled();
      figures.learning_rate = recipe_.schedule.at(step);
      const Figures made =
          learner_.step(*batch, figures.learning_rate, Random({recipe_.seed, static_cast<std::uint64_t>(step)}).bits());
      require_finite(made, figures);
      meter.add(made);
      progress.advance(batch->size());
      progress.note(fmt::format("loss {:.3f}", meter.loss()));
      ++step;
    }
    remember(loader.skipped());
    require(meter.images() > 0, ErrorKind::kInvalidArgument, "[train] none of the {} training images could be decoded",
            train_.size());
    figures.loss = meter.loss();
    figures.accuracy = meter.accuracy();
    figures.seconds = rate.seconds();
    figures.images_per_second = rate.per_second(meter.images());
  }

  void settle(int epoch) {
    Loader loader = open(train_, epoch, std::nullopt);
    for (int seen = 0; const std::optional<Batch> batch = loader.next(); ++seen) {
      throw_if_cancelled();
      learner_.settle(*batch, seen);
    }
    remember(loader.skipped());
  }

  void validate(EpochFigures& figures) {
    Loader loader = open(val_, figures.epoch, std::nullopt);
    AccuracyMeter meter;
    while (const std::optional<Batch> batch = loader.next()) {
      throw_if_cancelled();
      meter.add(learner_.evaluate(*batch));
    }
    remember(loader.skipped());
    require(meter.images() > 0, ErrorKind::kInvalidArgument,
            "[train] none of the {} validation images could be decoded", val_.size());
    figures.val_loss = meter.loss();
    figures.val_accuracy = meter.accuracy();
  }

  /// Images that failed once are left out, after the shuffle, so that the others keep their order.
  Loader open(std::vector<int> order, int epoch, std::optional<Augmentation> augmentation) {
    std::erase_if(order, [&](int i) { return bad_.contains(dataset_.samples[static_cast<std::size_t>(i)].file); });
    const int batch = even_batch(static_cast<std::int64_t>(order.size()), recipe_.batch);
    return {dataset_,
            {.spec = spec_,
             .limits = options_.limits,
             .batch = std::max(batch, 1),
             .order = std::move(order),
             .augmentation = augmentation,
             .seed = recipe_.seed,
             .epoch = epoch}};
  }

  void remember(const std::vector<SkippedImage>& skipped) {
    for (const SkippedImage& image : skipped) {
      if (bad_.insert(image.file).second) skipped_.push_back(image);
    }
  }

  void require_finite(const Figures& made, const EpochFigures& figures) const {
    require(std::isfinite(made.loss_sum), ErrorKind::kInvalidArgument,
            "[train] the loss is no number any more in epoch {}, at learning rate {:.3g}: give a smaller one, e.g. "
            "--lr {:.2g}",
            figures.epoch, figures.learning_rate, recipe_.schedule.peak / 10);
  }

  void resume() {
    if (!options_.resume || options_.checkpoint.empty()) return;
    if (!std::filesystem::exists(options_.checkpoint)) {
      log_info("no checkpoint at {}, training starts from the first epoch", options_.checkpoint.string());
      return;
    }
    const Checkpoint checkpoint = read_checkpoint(options_.checkpoint);
    check_fingerprint(options_.checkpoint, checkpoint.fingerprint, fingerprint_);
    learner_.restore(checkpoint.state);
    epochs_ = checkpoint.epochs;
    remember(checkpoint.skipped);
    if (!options_.on_epoch) return;
    for (const EpochFigures& figures : epochs_) options_.on_epoch(figures);
  }

  void save() const {
    if (options_.checkpoint.empty()) return;
    write_checkpoint(options_.checkpoint, {fingerprint_, epochs_, skipped_, learner_.state()});
  }

  const Dataset& dataset_;
  const PreprocessSpec& spec_;
  const TrainOptions& options_;
  std::vector<int> train_, val_;
  Recipe recipe_;
  std::map<std::string, std::string> fingerprint_;
  Learner learner_;
  std::vector<EpochFigures> epochs_;
  std::vector<SkippedImage> skipped_;
  std::set<std::filesystem::path> bad_;
};

}  // namespace

TrainResult train(const Graph& graph, const Dataset& dataset, const DataSplit& split, const PreprocessSpec& spec,
                  const TrainOptions& options) {
  const ThreadScope threads(options.threads);
  const MemoryKeeper memory;
  return Run(graph, dataset, split, spec, options).result();
}

}  // namespace fovea::train
