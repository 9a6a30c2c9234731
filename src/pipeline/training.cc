#include "pipeline/training.h"

#include <algorithm>

#include "base/error.h"
#include "base/log/clock.h"
#include "pipeline/qat.h"

namespace fovea {
namespace {

/// Empty: the trainer's choice, which differs for fine-tuning.
std::optional<Augmentation> augmentation_of(const TrainSettings& settings) {
  if (settings.augment == "auto") return std::nullopt;
  return Augmentation::by_name(settings.augment);
}

train::TrainOptions options_of(const TrainSettings& settings, std::uint64_t seed) {
  train::TrainOptions options;
  options.epochs = settings.epochs;
  options.batch = settings.batch;
  options.views = settings.views;
  options.lr = settings.lr;
  options.weight_decay = settings.weight_decay;
  options.augmentation = augmentation_of(settings);
  options.seed = seed;
  options.device = settings.device == "tensorrt" ? "auto" : settings.device;
  options.freeze = settings.freeze;
  options.fine_tune = !settings.from.empty();
  options.new_head = options.fine_tune && !settings.qat;
  options.quantized = settings.qat;
  options.checkpoint = settings.checkpoint;
  options.resume = settings.resume;
  return options;
}

/// Quantisation-aware training repairs a classifier that is there: it makes no new head.
const SourceModel& checked_classes(const SourceModel& base, const DataIn& data) {
  require(base.model.labels == data.dataset.classes, ErrorKind::kInvalidArgument,
          "--qat: {} was not trained on the classes of {}; train first without --qat, then --qat --from that model",
          base.model.labels.empty() ? "a model without labels" : "a model of other labels", data.dataset.root.string());
  return base;
}

nlohmann::json history_of(const std::vector<train::EpochFigures>& epochs) {
  nlohmann::json list = nlohmann::json::array();
  for (const train::EpochFigures& epoch : epochs) list.push_back(to_json(epoch));
  return list;
}

std::string loss_and_accuracy(const nlohmann::json& epochs) {
  if (epochs.empty()) return "no history";
  const nlohmann::json& first = epochs.front();
  const nlohmann::json& last = epochs.back();
  return fmt::format("loss {:.2f} → {:.2f}, accuracy {:.2f} → {:.2f}, validation accuracy {:.2f}",
                     first.value("loss", 0.0), last.value("loss", 0.0), first.value("accuracy", 0.0),
                     last.value("accuracy", 0.0), last.value("val_accuracy", 0.0));
}

}  // namespace

std::string known_split(const TrainSettings& settings) {
  return settings.from.empty() ? std::string()
                               : load_source(settings.from, settings.preprocess, settings.size).model.split;
}

PreprocessSpec training_spec(const TrainSettings& settings) {
  if (!settings.from.empty()) return load_source(settings.from, settings.preprocess, settings.size).spec;
  return settings.preprocess.empty() ? PreprocessSpec::unit(settings.size)
                                     : preprocess_from_argument(settings.preprocess, settings.size);
}

Trained train_model(const DataIn& data, const TrainSettings& settings, std::uint64_t seed, const DecodeLimits& limits,
                    const std::function<void(const train::EpochFigures&)>& on_epoch) {
  require(!settings.qat || !settings.from.empty(), ErrorKind::kUsage,
          "--qat needs --from: a trained model of the same classes");
  const train::Api& trainer = train::api();
  const int classes = static_cast<int>(data.dataset.classes.size());
  const Stopwatch watch;
  Trained trained;
  Graph graph;
  PreprocessSpec spec;
  if (settings.from.empty()) {
    spec = training_spec(settings);
    graph = trainer.make_net(settings.net, classes, settings.size, seed);
    trained.net = settings.net;
  } else {
    SourceModel base = load_source(settings.from, settings.preprocess, settings.size);
    spec = base.spec;
    const QatOptions rounding{{settings.weights != "per-tensor", settings.activations == "asymmetric"}, seed, limits};
    graph = settings.qat ? quantization_aware(checked_classes(base, data), data, rounding)
                         : trainer.replace_head(base.model.graph, classes, seed);
    trained.net = settings.from.filename().string();
  }
  train::TrainOptions options = options_of(settings, seed);
  options.on_epoch = on_epoch;
  options.limits = limits;
  train::TrainResult result = trainer.train(graph, data.dataset, data.split, spec, options);
  trained.model.graph = std::move(result.graph);
  if (settings.qat) store_quantized_weights(trained.model.graph);
  trained.model.labels = data.dataset.classes;
  trained.model.preprocess = spec;
  trained.model.split = to_json_text(data.split);
  trained.model.history = history_of(result.epochs).dump();
  trained.epochs = std::move(result.epochs);
  trained.device = result.device;
  trained.skipped = std::move(result.skipped);
  trained.seconds = watch.seconds();
  return trained;
}

nlohmann::json to_json(const train::EpochFigures& epoch) {
  return {{"epoch", epoch.epoch},
          {"loss", epoch.loss},
          {"accuracy", epoch.accuracy},
          {"val_loss", epoch.val_loss},
          {"val_accuracy", epoch.val_accuracy},
          {"observation", epoch.observation},
          {"seconds", epoch.seconds},
          {"images_per_second", epoch.images_per_second},
          {"learning_rate", epoch.learning_rate}};
}

std::string epoch_table_head() {
  return fmt::format("{:>5} | {:>6} | {:>8} | {:>8} | {:>8} | {:>8} | {}\n", "Epoch", "Loss", "Accuracy", "Val loss",
                     "Val acc.", "Images/s", "Observation");
}

std::string epoch_table_row(const train::EpochFigures& epoch) {
  return fmt::format("{:>5} | {:>6.3f} | {:>8.3f} | {:>8.3f} | {:>8.3f} | {:>8.1f} | {}\n", epoch.epoch, epoch.loss,
                     epoch.accuracy, epoch.val_loss, epoch.val_accuracy, epoch.images_per_second, epoch.observation);
}

std::string loss_bars(const std::vector<train::EpochFigures>& epochs) {
  constexpr double kWidth = 40;
  double most = 1e-9;
  for (const train::EpochFigures& epoch : epochs) most = std::max(most, epoch.loss);
  std::string text = "Loss per epoch\n";
  for (const train::EpochFigures& epoch : epochs)
    text += fmt::format("{:>3} |{:*<{}} {:.3f}\n", epoch.epoch, "",
                        std::max(1, static_cast<int>(kWidth * epoch.loss / most)), epoch.loss);
  return text;
}

StageTrace trace_training(const Trained& trained, const DataIn& data) {
  const nlohmann::json epochs = history_of(trained.epochs);
  const Shape& input = trained.model.graph.value(trained.model.graph.inputs().front()).shape;
  StageTrace stage;
  stage.id = "training";
  stage.title = "Training";
  stage.input = fmt::format("{} × {} × {} × {} f32", data.train.size(), input[1], input[2], input[3]);
  stage.operation = fmt::format("CNN “{}”, {} epoch{} of gradient descent", trained.net, trained.epochs.size(),
                                trained.epochs.size() == 1 ? "" : "s");
  stage.output =
      fmt::format("model.onnx, {:.2f} M parameters", static_cast<double>(parameter_count(trained.model.graph)) / 1e6);
  stage.example = loss_and_accuracy(epochs);
  stage.seconds = trained.seconds;
  stage.details = {{"trained", true},
                   {"net", trained.net},
                   {"base", trained.net.ends_with(".onnx") ? trained.net : ""},
                   {"parameters", parameter_count(trained.model.graph)},
                   {"gmacs", static_cast<double>(macs(trained.model.graph)) / 1e9},
                   {"device", trained.device},
                   {"epochs", epochs}};
  return stage;
}

StageTrace trace_given_model(const SourceModel& source) {
  nlohmann::json epochs = nlohmann::json::parse(source.model.history, nullptr, false);
  if (!epochs.is_array()) epochs = nlohmann::json::array();
  StageTrace stage;
  stage.id = "training";
  stage.title = "Training";
  stage.input = "the given model";
  stage.operation = "nothing is trained";
  stage.output = fmt::format("{:.2f} M parameters", static_cast<double>(parameter_count(source.model.graph)) / 1e6);
  stage.example = loss_and_accuracy(epochs);
  stage.details = {{"trained", false},
                   {"net", "given model"},
                   {"base", ""},
                   {"parameters", parameter_count(source.model.graph)},
                   {"gmacs", static_cast<double>(macs(source.model.graph)) / 1e9},
                   {"device", ""},
                   {"epochs", epochs},
                   {"reason", epochs.empty() ? "the model was given and its file holds no training history"
                                             : "the model was given; this is the history its file holds"}};
  return stage;
}

}  // namespace fovea
