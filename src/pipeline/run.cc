#include "pipeline/run.h"

#include <cstdio>

#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/log/clock.h"
#include "base/log/log.h"
#include "base/log/progress.h"
#include "base/parallel/parallel.h"
#include "data/synth.h"
#include "interop/onnx_export.h"
#include "interop/onnx_import.h"
#include "pipeline/data_in.h"
#include "pipeline/metrics.h"
#include "pipeline/optimization.h"
#include "pipeline/prediction.h"
#include "pipeline/preprocessing.h"
#include "pipeline/stage_store.h"
#include "pipeline/to_tensor.h"
#include "pipeline/training.h"
#include "pipeline/version.h"

namespace fovea {
namespace {

constexpr const char* kDrawnNote =
    "This model was trained on drawn animals: it knows only drawn cats, dogs and birds, not photos.";

std::string hash_of(const std::filesystem::path& file) { return content_hash(read_file(file)); }

/// Of the file that an option names; the option itself where it is none.
std::string content_of(const std::string& argument) {
  std::error_code code;
  return std::filesystem::is_regular_file(argument, code) ? hash_of(argument) : argument;
}

/// Of the images below `folder`; empty where it is none.
std::string hash_of_folder(const std::filesystem::path& folder) {
  std::error_code code;
  if (folder.empty() || !std::filesystem::is_directory(folder, code)) return "";
  std::string hashes;
  for (const std::filesystem::path& file : image_files(folder)) hashes += hash_of(file);
  return content_hash(as_bytes(std::string_view(hashes)));
}

std::string insight_without_running(const nlohmann::ordered_json& optimization, const std::string& reason) {
  const nlohmann::ordered_json& gate = optimization.at("gate");
  const std::string proof =
      gate.is_object() ? fmt::format(
                             " Its network, run on the CPU with the same types, has top-1 {:.1f} % → {:.1f} % on "
                             "{} validation images.",
                             100 * gate.at("before").get<double>(), 100 * gate.at("after").get<double>(),
                             gate.at("images").get<int>())
                       : std::string();
  return fmt::format("The engine is built and was not run here: {}.{}", reason, proof);
}

class Run {
 public:
  /// `not_run_because`: why the engine will only be built; empty where it runs.
  Run(const RunSettings& settings, std::string not_run_because)
      : settings_(settings),
        not_run_because_(std::move(not_run_because)),
        out_(settings.out),
        drawn_(settings.data.root.empty()),
        store_(settings.out, settings.force) {
    std::error_code code;
    std::filesystem::create_directories(out_, code);
    require(std::filesystem::is_directory(out_, code), ErrorKind::kInvalidArgument,
            "--out {}: the folder cannot be made", out_.string());
    if (drawn_) settings_.data.root = out_ / "data";
    settings_.train.checkpoint = out_ / ".stages" / "training.checkpoint";
    if (settings_.build.timing_cache.empty()) settings_.build.timing_cache = out_ / ".stages" / "timing.cache";
  }

  Trace all() {
    trace_.title = drawn_ ? "Drawn cats, dogs and birds" : folder_name(settings_.data.root);
    if (drawn_) trace_.note = kDrawnNote;
    trace_.environment = environment();
    data_in();
    announce(2, "preprocessing");
    const PreprocessSpec spec = settings_.model.empty() ? training_spec(settings_.train) : source_.spec;
    trace_.stages.push_back(trace_preprocessing(data_, spec, settings_.data.limits));
    announce(3, "to tensor");
    trace_.stages.push_back(trace_to_tensor(data_, spec, settings_.data.limits));
    training();
    optimization();
    if (not_run_because_.empty()) {
      metrics();
      prediction();
    } else {
      leave_out(6, "metrics", "Metrics improve");
      leave_out(7, "prediction", "Prediction");
      trace_.key_insight = insight_without_running(trace_.stages.at(4).details, not_run_because_);
    }
    return std::move(trace_);
  }

 private:
  static void announce(int number, const std::string& what) { log_info("[{}/7] {}", number, what); }

  void draw_data() {
    const std::string key = stage_key({settings_.synth_images, settings_.train.size, settings_.data.seed});
    if (store_.find("drawing", key) && std::filesystem::exists(settings_.data.root)) return;
    const Stopwatch watch;
    SynthOptions options;
    options.out = settings_.data.root;
    options.images = settings_.synth_images;
    options.size = settings_.train.size;
    options.seed = settings_.data.seed;
    options.threads = settings_.threads;
    synthesize(options);
    StageTrace stage;
    stage.id = "drawing";
    stage.seconds = watch.seconds();
    store_.keep(stage, key);
  }

  void data_in() {
    announce(1, "data in");
    const Stopwatch watch;
    if (drawn_) draw_data();
    if (!settings_.model.empty())
      source_ = load_source(settings_.model, settings_.train.preprocess, settings_.train.size);
    // What the base model trained on must not validate its successor.
    data_ = read_data(settings_.data, settings_.model.empty() ? known_split(settings_.train) : source_.model.split);
    if (!settings_.model.empty()) {
      if (!settings_.data.class_map.empty())
        source_.model.class_map = to_json_text(read_class_map(settings_.data.class_map));
      align_labels(data_.dataset, source_.model.labels, source_.classes, source_.model.class_map);
    }
    require(!data_.val.empty(), ErrorKind::kInvalidArgument, "no image is left for validation: {} images, --val {}",
            data_.dataset.samples.size(), settings_.data.val);
    trace_.stages.push_back(trace_data_in(data_, settings_.data, drawn_, watch.seconds()));
  }

  /// What a trained model depends on.
  nlohmann::json training_inputs() const {
    const TrainSettings& train = settings_.train;
    return {{"split", content_hash(as_bytes(std::string_view(to_json_text(data_.split))))},
            {"classes", data_.dataset.classes},
            {"net", train.net},
            {"from", train.from.empty() ? "" : hash_of(train.from)},
            {"freeze", train.freeze},
            {"qat", train.qat ? train.weights + " " + train.activations : ""},
            {"size", train.size},
            {"epochs", train.epochs},
            {"batch", train.batch},
            {"views", train.views},
            {"lr", train.lr},
            {"weight_decay", train.weight_decay},
            {"augment", train.augment},
            {"preprocess", content_of(train.preprocess)},
            {"device", train.device},
            {"seed", settings_.data.seed}};
  }

  void training() {
    announce(4, "training");
    const std::filesystem::path file = out_ / "model.onnx";
    if (!settings_.model.empty()) {
      trace_.stages.push_back(trace_given_model(source_));
      save_onnx(source_.model, file);
      return;
    }
    const std::string key = stage_key(training_inputs());
    std::optional<StageTrace> done = store_.find("training", key);
    std::error_code code;
    if (done && std::filesystem::exists(file, code) && done->details.value("model_hash", "") == hash_of(file)) {
      log_info("taken over: trained before with the same data and options");
    } else {
      done = train_now(file);
      store_.keep(*done, key);
      std::filesystem::remove(settings_.train.checkpoint, code);  // the model says it all
    }
    trace_.stages.push_back(*done);
    source_ = load_source(file, {});
  }

  StageTrace train_now(const std::filesystem::path& file) {
    std::fputs(epoch_table_head().c_str(), stderr);
    const Trained trained = train_model(data_, settings_.train, settings_.data.seed, settings_.data.limits,
                                        [](const train::EpochFigures& epoch) {
                                          Progress::hide_all();
                                          std::fputs(epoch_table_row(epoch).c_str(), stderr);
                                        });
    std::fputs(loss_bars(trained.epochs).c_str(), stderr);
    save_onnx(trained.model, file);
    StageTrace stage = trace_training(trained, data_);
    stage.details["model_hash"] = hash_of(file);
    return stage;
  }

  nlohmann::json build_inputs() const {
    const BuildSettings& build = settings_.build;
    return {{"model", hash_of(out_ / "model.onnx")},
            {"split", content_hash(as_bytes(std::string_view(to_json_text(data_.split))))},
            {"precision", build.precision},
            {"device", build.device},
            {"fingerprint", fingerprint_for(build)},
            {"batches", build.batches},
            {"input", build.input},
            {"max_drop", build.max_drop},
            {"gate", build.gate},
            {"calibration", build.calibration},
            {"calib", build.calib},
            {"calib_images", hash_of_folder(build.calib)},
            {"calib_cache", build.calib_cache.string()},
            {"weights", build.weights},
            {"activations", build.activations},
            {"workspace", build.workspace_mb},
            {"refittable", build.refittable},
            {"against", build.against.empty() ? "" : hash_of(build.against)},
            {"opt_level", build.opt_level},
            {"keep", build.keep},
            {"isa", build.isa},
            {"portable", build.portable},
            {"keep_failed", build.keep_failed},
            {"seed", build.seed},
            {"threads", default_threads()},
            {"machine", trace_.environment}};
  }

  void optimization() {
    announce(5, "optimisation");
    const std::filesystem::path file = out_ / "model.engine";
    const std::string key = stage_key(build_inputs());
    std::optional<StageTrace> done = store_.find("optimization", key);
    std::error_code code;
    if (done && std::filesystem::exists(file, code) && done->details.value("engine_hash", "") == hash_of(file)) {
      log_info("taken over: built before from the same model with the same options");
      engine_ = std::make_shared<const Engine>(load_engine(file));
    } else {
      BuiltEngine built = build_engine(source_, &data_, settings_.build, settings_.threads);
      save_engine(built.result.engine, file);
      done = trace_optimization(built, source_);
      done->details["engine_hash"] = hash_of(file);
      for (const CandidatePlan& plan : built.result.candidates)
        if (plan.engine && plan.precision != Precision::kMixed)
          rungs_.push_back({"engine " + plan.label, plan.engine, {}});
      engine_ = std::make_shared<const Engine>(std::move(built.result.engine));
      store_.keep(*done, key);
    }
    trace_.stages.push_back(*done);
  }

  void metrics() {
    announce(6, "metrics");
    const Stopwatch watch;
    const std::string key = stage_key({{"engine", hash_of(out_ / "model.engine")}, {"build", build_inputs()}});
    std::optional<StageTrace> done = store_.find("metrics", key);
    if (!done) {
      const std::vector<Rung> ladder = complete_ladder(rungs_, source_, data_, settings_.build, settings_.threads);
      CompareOptions options;
      options.samples = data_.val;
      options.limits = settings_.data.limits;
      options.threads = settings_.threads;
      nlohmann::json comparison = compare(source_, engine_, ladder, data_.dataset, options);
      comparison["split"] = "val";
      done = trace_metrics(comparison, watch.seconds());
      store_.keep(*done, key);
    } else {
      log_info("taken over: measured before on the same engine");
    }
    trace_.key_insight = key_insight(done->details);
    trace_.stages.push_back(*done);
  }

  void prediction() {
    announce(7, "prediction");
    trace_.stages.push_back(trace_prediction_stage(*engine_, data_, settings_.data.limits));
  }

  void leave_out(int number, const std::string& id, const std::string& title) {
    announce(number, id + ": not run here");
    StageTrace& stage = trace_.stages.emplace_back();
    stage.id = id;
    stage.title = title;
    stage.input = "the engine";
    stage.operation = "not run here";
    stage.details = {{"not_run_because", not_run_because_}};
  }

  RunSettings settings_;
  std::string not_run_because_;
  std::filesystem::path out_;
  bool drawn_;
  StageStore store_;
  Trace trace_;
  DataIn data_;
  SourceModel source_;
  std::shared_ptr<const Engine> engine_;
  std::vector<Rung> rungs_;  ///< that this run's build left
};

}  // namespace

Trace run_pipeline(const RunSettings& settings) {
  const std::string reason = why_not_run(settings.build);  // what the last stages run on is missed before the first
  if (!reason.empty())
    log_warning("{}; the engine is built ahead of time, metrics and prediction are left out", reason);
  Trace trace = Run(settings, reason).all();
  const nlohmann::ordered_json json = to_json(trace);
  write_atomic(settings.out / "report.json", json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  write_atomic(settings.out / "report.html", render_page(json));
  return trace;
}

}  // namespace fovea
