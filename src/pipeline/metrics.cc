#include "pipeline/metrics.h"

#include <algorithm>
#include <cmath>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/log/log.h"
#include "base/log/progress.h"
#include "compiler/build_bare.h"
#include "compiler/frontend.h"
#include "eval/engine_runner.h"
#include "eval/evaluate.h"
#include "eval/latency.h"
#include "eval/paired.h"
#include "pipeline/optimization.h"
#include "train/api.h"

namespace fovea {
namespace {

/// One side of the comparison with everything that was measured of it.
struct Side {
  std::string name;
  std::unique_ptr<Runner> runner;
  bool chosen = false;
  EvalResult result;
  LatencySummary model_only, end_to_end;
};

/// LibTorch eager where the module is there, else the fp32 plan that nothing was timed for.
Side plain_side(const SourceModel& source, const CompareOptions& options, const EngineInfo& info,
                std::string& baseline) {
  Side side;
  const FrontEnd front = add_front_end(source.model.graph, source.spec, info.pixel_input);
  const bool logits = front.model_output == OutputKind::kLogits;
  try {
    side.runner = train::api().eager(source.model.graph, source.spec, logits, options.threads, "cpu");
    baseline = fmt::format("{} eager, fp32, batch 1", train::api().version());
    side.name = "eager fp32";
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupported) throw;
    const Backend& backend = backend_by_name("cpu");
    const std::shared_ptr<Device> device = backend.open(Isa::kAmx, 0);
    auto plan = bare_engine(front.graph, info, backend, *device, {1}, options.threads);
    side.runner = std::make_unique<EngineRunner>(Executor::make(std::move(plan), backend, device));
    baseline = fmt::format("the fp32 plan at opt-level 0 ({})", error.message());
    side.name = "plain fp32 plan";
  }
  return side;
}

Side engine_side(const std::string& name, const std::shared_ptr<const Engine>& engine, bool chosen) {
  Side side;
  side.name = name;
  side.chosen = chosen;
  side.runner = std::make_unique<EngineRunner>(make_executor(*engine, backend_by_name(engine->info.backend)));
  return side;
}

void measure_accuracy(std::vector<Side>& sides, const Dataset& dataset, const CompareOptions& options) {
  for (Side& side : sides) {
    Progress progress("accuracy: " + side.name, static_cast<std::int64_t>(options.samples.size()), "images");
    EvalOptions evaluating;
    evaluating.limits = options.limits;
    evaluating.batch = 1;  // the plain model as it is used: image by image
    int seen = 0;
    evaluating.progress = [&](int done, int) {
      progress.advance(done - seen);
      seen = done;
    };
    side.result = evaluate(*side.runner, dataset, options.samples, evaluating);
  }
}

/// Files of the first images that decode, kept in memory: the disk is not what is measured.
std::vector<Bytes> encoded_images(const Dataset& dataset, const CompareOptions& options) {
  constexpr std::size_t kMost = 32;
  std::vector<Bytes> images;
  for (const int i : options.samples) {
    if (images.size() == kMost) break;
    Bytes bytes = read_file(dataset.samples[static_cast<std::size_t>(i)].file, options.limits.max_bytes);
    try {
      decode(bytes, options.limits);
    } catch (const Error&) {
      continue;
    }
    images.push_back(std::move(bytes));
  }
  require(!images.empty(), ErrorKind::kInvalidArgument, "[compare] no image can be decoded");
  return images;
}

void measure_latency_of(std::vector<Side>& sides, const Dataset& dataset, const CompareOptions& options) {
  const std::vector<Bytes> images = encoded_images(dataset, options);
  std::vector<NamedRun> model_only;
  std::vector<NamedRun> end_to_end;
  std::vector<std::vector<std::uint8_t>> pixels(sides.size());
  std::vector<std::vector<float>> outputs(sides.size());
  std::vector<std::size_t> next(sides.size());
  for (std::size_t s = 0; s < sides.size(); ++s) {
    Runner* runner = sides[s].runner.get();
    pixels[s].resize(runner->preprocess().pixel_bytes());
    outputs[s].resize(static_cast<std::size_t>(runner->classes()));
    preprocess_encoded(images.front(), runner->preprocess(), options.limits, pixels[s]);
    model_only.push_back(
        {sides[s].name, [runner, &pixel = pixels[s], &output = outputs[s]] { runner->run(pixel, 1, output); }});
    end_to_end.push_back(
        {sides[s].name, [runner, &images, &options, &pixel = pixels[s], &output = outputs[s], &at = next[s]] {
           preprocess_encoded(images[at++ % images.size()], runner->preprocess(), options.limits, pixel);
           runner->run(pixel, 1, output);
         }});
  }
  LatencyOptions timing;
  timing.seconds = options.seconds;
  timing.min_runs = 20;
  const std::vector<LatencySummary> plain = measure_interleaved(model_only, timing);
  const std::vector<LatencySummary> whole = measure_interleaved(end_to_end, timing);
  for (std::size_t s = 0; s < sides.size(); ++s) {
    sides[s].model_only = plain[s];
    sides[s].end_to_end = whole[s];
  }
}

nlohmann::json row_of(const Side& side) {
  return {{"name", side.name},
          {"top1", side.result.top1},
          {"top5", side.result.top5},
          {"latency_ms", to_json(side.model_only)},
          {"end_to_end_ms", to_json(side.end_to_end)},
          {"images_per_second", 1000.0 / side.model_only.p50},
          {"chosen", side.chosen}};
}

/// A single precision of the model; a rung without an engine where the machine lacks it, or images to calibrate with.
Rung build_rung(const std::string& label, const char* precision, const SourceModel& source, const DataIn& data,
                BuildSettings settings, int threads) {
  settings.precision = precision;
  DataIn images = data;
  images.val.clear();
  const bool calibrates = std::string_view(precision) == "int8" && !is_quantized(source.model.graph);
  if (calibrates && images.train.empty() && settings.calib.empty())
    return {label, nullptr, "no training images to calibrate with"};
  try {
    BuiltEngine built = build_engine(source, &images, settings, threads);
    return {label, std::make_shared<const Engine>(std::move(built.result.engine)), {}};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupported) throw;
    return {label, nullptr, error.message()};
  }
}

/// The confusion matrix of at most 60 classes; with more, a picture says nothing.
nlohmann::json confusion_of(const EvalResult& result, const std::vector<std::string>& labels) {
  constexpr int kMost = 60;
  if (result.classes > kMost) return nullptr;
  return {{"labels", labels}, {"matrix", result.confusion}};
}

/// "−35 %", or "+12 %" where it got slower.
std::string change_of_latency(const nlohmann::json& comparison, int digits) {
  const double reduction = comparison.at("reduction").get<double>();
  return fmt::format("{}{:.{}f} %", reduction >= 0 ? "−" : "+", 100 * std::abs(reduction), digits);
}

double value_at(const nlohmann::json& json, const char* side, const char* figure) {
  return json.at(side).at(figure).at("p50").get<double>();
}

}  // namespace

nlohmann::json compare(const SourceModel& source, std::shared_ptr<const Engine> engine,
                       const std::vector<Rung>& between, const Dataset& dataset, const CompareOptions& options) {
  require(!options.samples.empty(), ErrorKind::kInvalidArgument, "[compare] no images to compare on");
  std::string baseline;
  std::vector<Side> sides;
  // First the engine, which may limit the instruction set of the process.
  Side chosen = engine_side("chosen: " + engine->info.precision, engine, true);
  sides.push_back(plain_side(source, options, engine->info, baseline));
  nlohmann::json not_built = nlohmann::json::array();
  for (const Rung& rung : between) {
    if (rung.engine)
      sides.push_back(engine_side(rung.name, rung.engine, false));
    else
      not_built.push_back({{"name", rung.name}, {"reason", rung.reason}});
  }
  sides.push_back(std::move(chosen));
  require(sides.front().runner->classes() == sides.back().runner->classes(), ErrorKind::kInvalidArgument,
          "[compare] the model has {} classes, the engine {}", sides.front().runner->classes(),
          sides.back().runner->classes());
  measure_accuracy(sides, dataset, options);
  warn_near_chance(sides.front().result, "the model");
  measure_latency_of(sides, dataset, options);
  const Side& before = sides.front();
  const Side& after = sides.back();
  const PairedDifference difference = compare_paired(before.result, after.result);
  nlohmann::json ladder = nlohmann::json::array();
  for (const Side& side : sides) ladder.push_back(row_of(side));
  return {{"schema", 1},
          {"before", row_of(before)},
          {"after", row_of(after)},
          {"drop_points", difference.drop_points},
          {"ci95_points", difference.ci95_points},
          {"mcnemar_p", difference.mcnemar_p},
          {"agreement", difference.agreement},
          {"reduction", 1 - after.model_only.p50 / before.model_only.p50},
          {"end_to_end_reduction", 1 - after.end_to_end.p50 / before.end_to_end.p50},
          {"images", difference.images},
          {"skipped", after.result.skipped},
          {"baseline", baseline},
          {"ladder", ladder},
          {"not_built", not_built},
          {"confusion", confusion_of(after.result, dataset.classes)}};
}

std::vector<Rung> complete_ladder(const std::vector<Rung>& known, const SourceModel& source, const DataIn& data,
                                  const BuildSettings& settings, int threads) {
  const bool gpu = backend_by_name(settings.device).name() != "cpu";
  std::vector<Rung> ladder;
  for (const char* precision : {"fp32", "fp16", "bf16", "int8"}) {
    if (!gpu && std::string_view(precision) == "fp16") continue;  // no gain over bf16
    const std::string label = std::string("engine ") + precision;
    const auto built = std::ranges::find(known, label, &Rung::name);
    ladder.push_back(built != known.end() ? *built : build_rung(label, precision, source, data, settings, threads));
  }
  return ladder;
}

std::string describe_comparison(const nlohmann::json& comparison) {
  std::string text =
      fmt::format("{:<18} {:>8} {:>12} {:>14} {:>10}\n", "", "top-1", "model ms", "from JPEG ms", "images/s");
  for (const nlohmann::json& rung : comparison.at("ladder"))
    text += fmt::format("{:<18} {:>7.2f}% {:>12.3f} {:>14.3f} {:>10.1f}\n", rung.at("name").get<std::string>(),
                        100 * rung.at("top1").get<double>(), rung.at("latency_ms").at("p50").get<double>(),
                        rung.at("end_to_end_ms").at("p50").get<double>(), rung.at("images_per_second").get<double>());
  for (const nlohmann::json& missing : comparison.at("not_built"))
    text += fmt::format("{:<18} not built: {}\n", missing.at("name").get<std::string>(),
                        missing.at("reason").get<std::string>());
  text +=
      fmt::format("drop {:.2f} points (95 % interval {:.2f} to {:.2f}), agreement {:.1f} %, latency {}, {} images\n",
                  comparison.at("drop_points").get<double>(), comparison.at("ci95_points")[0].get<double>(),
                  comparison.at("ci95_points")[1].get<double>(), 100 * comparison.at("agreement").get<double>(),
                  change_of_latency(comparison, 1), comparison.at("images").get<int>());
  return text + fmt::format("before: {}\n", comparison.at("baseline").get<std::string>());
}

/// What was selected on the images that the figures come from.
constexpr const char* kSelected =
    "The gate judged the engine on these same images; precisions and ranges of layers were chosen on training images.";

std::string key_insight(const nlohmann::json& comparison) {
  const double before = value_at(comparison, "before", "latency_ms");
  const double after = value_at(comparison, "after", "latency_ms");
  const double drop = comparison.at("drop_points").get<double>();
  const std::string accuracy = std::abs(drop) < 1e-9 ? std::string("at the same accuracy")
                               : drop > 0            ? fmt::format("for {:.2f} points of accuracy", drop)
                                                     : fmt::format("and gains {:.2f} points of accuracy", -drop);
  const std::string scores = fmt::format(
      "top-1 {:.1f} % → {:.1f} % on {} validation images", 100 * comparison.at("before").at("top1").get<double>(),
      100 * comparison.at("after").at("top1").get<double>(), comparison.at("images").get<int>());
  if (after < before)
    return fmt::format(
        "The engine answers {:.1f} × as fast as the plain model ({:.2f} → {:.2f} ms per image, {:.0f} % of the "
        "latency gone) {} ({}). {}",
        before / after, before, after, 100 * (1 - after / before), accuracy, scores, kSelected);
  return fmt::format(
      "On this machine the engine is not faster than the plain model ({:.2f} → {:.2f} ms per image); {}. {}", before,
      after, scores, kSelected);
}

StageTrace trace_metrics(const nlohmann::json& comparison, double seconds) {
  StageTrace stage;
  stage.id = "metrics";
  stage.title = "Metrics improve";
  stage.input = fmt::format("{} validation images, model and engine", comparison.at("images").get<int>());
  stage.operation = "the same images through both, timed in turns";
  stage.output = fmt::format("accuracy {:.1f} % → {:.1f} %, latency {:.2f} → {:.2f} ms",
                             100 * comparison.at("before").at("top1").get<double>(),
                             100 * comparison.at("after").at("top1").get<double>(),
                             value_at(comparison, "before", "latency_ms"), value_at(comparison, "after", "latency_ms"));
  stage.example = change_of_latency(comparison, 0) + " latency";
  stage.seconds = seconds;
  stage.details = comparison;
  stage.details.erase("schema");
  return stage;
}

}  // namespace fovea
