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

constexpr std::size_t kSettlingImages = 512;  ///< enough for means and variances

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
    if (options_.fine_tune && options_.new_head && epochs_.empty()) start_from_probe();
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
  /// Linear probing before fine-tuning (Kumar et al. 2022): gradients of a random head would spoil the features.
  void start_from_probe() {
    constexpr std::size_t kMostImages = 20000;
    if (!learner_.head_is_linear()) return;
    std::vector<int> order = shuffled(train_, recipe_.seed, 0);
    if (order.size() > kMostImages) order.resize(kMostImages);
    Progress progress("features", static_cast<std::int64_t>(order.size()), "images");
    Loader loader = open(order, 0, std::nullopt);
    while (const std::optional<Batch> batch = loader.next()) {
      throw_if_cancelled();
      learner_.observe_features(*batch);
      progress.advance(batch->size());
    }
    remember(loader.skipped());
    if (loader.skipped().size() == order.size()) return;
    probe_ = learner_.start_head(1);
    log_info("the head starts from a linear probe on frozen features: {:.1f} % of held-out training images right",
             100 * probe_.held_out_accuracy);
  }

  void train_epoch(EpochFigures& figures) {
    Progress progress(fmt::format("epoch {}/{}", figures.epoch, recipe_.epochs),
                      recipe_.views * static_cast<std::int64_t>(train_.size()), "images");
    AccuracyMeter meter;
    const RateMeter rate;
    for (int view = 0; view < recipe_.views; ++view)
      train_pass((figures.epoch - 1) * recipe_.views + view, meter, progress, figures);
    require(meter.images() > 0, ErrorKind::kInvalidArgument, "[train] none of the {} training images could be decoded",
            train_.size());
    figures.loss = meter.loss();
    figures.accuracy = meter.accuracy();
    figures.seconds = rate.seconds();
    figures.images_per_second = rate.per_second(meter.images());
  }

  /// Every training image once; passes count from 0 through all epochs.
  void train_pass(int pass, AccuracyMeter& meter, Progress& progress, EpochFigures& figures) {
    Loader loader = open(shuffled(train_, recipe_.seed, pass + 1), pass + 1, recipe_.augmentation);
    std::int64_t step = pass * steps_of(static_cast<std::int64_t>(train_.size()), recipe_.batch);
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
  }

  /// Takes batch-norm's statistics anew, from mixed batches: those of one class would vary too little.
  void settle(int epoch) {
    std::vector<int> order = shuffled(train_, recipe_.seed, epoch);
    if (order.size() > kSettlingImages) order.resize(kSettlingImages);
    Loader loader = open(std::move(order), epoch, std::nullopt);
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
  ProbeFigures probe_;
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
