#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "backend/registry/registry.h"
#include "base/cancel.h"
#include "base/io/file.h"
#include "base/log/clock.h"
#include "base/parallel/parallel.h"
#include "common.h"
#include "compiler/machine_peak.h"
#include "engine/describe.h"
#include "engine/photo_context.h"
#include "engine/step_cost.h"
#include "eval/latency.h"
#include "evaluated.h"
#include "option_groups.h"
#include "quantize/typed_graph.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  SubjectOptions subject;
  std::filesystem::path end_to_end;
  std::string decode = "auto";
  int batch = 1;
  int streams = 4;
  std::string hint = "latency";
  double seconds = 5;
  bool layers = false;
  DecodeLimits limits;
  Common common;
};

/// One context on one stream with its own buffers.
struct Stand {
  ExecutionContext context;
  Bytes input;
  std::vector<float> output;
};

Stand make_stand(const std::shared_ptr<const Executor>& executor, int batch, int threads) {
  const Engine& engine = executor->engine();
  return {ExecutionContext(executor, threads), Bytes(input_bytes_per_image(engine) * static_cast<std::size_t>(batch)),
          std::vector<float>(static_cast<std::size_t>(output_classes(engine)) * static_cast<std::size_t>(batch))};
}

/// As many contexts of one thread as there are cores, each with its own stream of batches.
double images_per_second(const std::shared_ptr<const Executor>& executor, const Options& options) {
  const int streams = default_threads();
  std::vector<std::int64_t> counts(static_cast<std::size_t>(streams));
  const Stopwatch watch;
  {
    std::vector<std::jthread> threads;
    for (std::int64_t& count : counts)
      threads.emplace_back([&executor, &options, &count] {
        Stand stand = make_stand(executor, options.batch, 1);
        const Stopwatch own;
        while (own.seconds() < options.seconds && !cancelled()) {
          stand.context.run(stand.input, options.batch, stand.output);
          count += options.batch;
        }
      });
  }
  throw_if_cancelled();
  std::int64_t sum = 0;
  for (const std::int64_t count : counts) sum += count;
  return static_cast<double>(sum) / watch.seconds();
}

/// What the machine reaches in the precisions that occur, measured once each.
class Peaks {
 public:
  Peaks(const Executor& executor, int threads)
      : backend_(backend_by_name(executor.engine().info.backend)), device_(executor.device()), threads_(threads) {}
  const MachinePeak& of(const std::string& precision) {
    const auto known = peaks_.find(precision);
    if (known != peaks_.end()) return known->second;
    const DType dtype = precision == "bf16" ? DType::kBF16 : precision == "int8" ? DType::kU8 : DType::kF32;
    return peaks_[precision] = measure_peak(backend_, device_, dtype, threads_);
  }
  nlohmann::json to_json() const {
    nlohmann::json json = nlohmann::json::object();
    for (const auto& [precision, peak] : peaks_)
      json[precision] = {{"gmacs_per_second", peak.gmacs_per_second}, {"gbytes_per_second", peak.gbytes_per_second}};
    return json;
  }

 private:
  const Backend& backend_;
  Device& device_;
  int threads_;
  std::map<std::string, MachinePeak> peaks_;
};

double percent(double part, double of) { return of > 0 ? 100 * part / of : 0; }

nlohmann::json layer_rows(const std::shared_ptr<const Executor>& executor, const Options& options, Peaks& peaks,
                          std::string& text) {
  Stand stand = make_stand(executor, options.batch, options.common.threads);
  stand.context.time_steps(true);
  std::vector<StepTiming> best;
  for (int i = 0; i < 20; ++i) {
    stand.context.run(stand.input, options.batch, stand.output);
    const std::vector<StepTiming>& timings = stand.context.timings();
    if (best.size() != timings.size()) best = timings;
    for (std::size_t s = 0; s < timings.size(); ++s)
      best[s].microseconds = std::min(best[s].microseconds, timings[s].microseconds);
  }
  nlohmann::json rows = nlohmann::json::array();
  text += fmt::format("{:<40} {:<22} {:<9} {:<26} {:>10} {:>10} {:>7} {:>8} {:>8}\n", "layer", "op", "precision",
                      "tactic", "µs", "GMAC/s", "% peak", "GB/s", "MAC/B");
  for (const StepTiming& timing : best) {
    const Plan& plan = executor->engine().plans[timing.plan];
    const PlanStep& step = plan.steps[timing.step];
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(step.node)];
    const double rate =
        timing.microseconds > 0 ? static_cast<double>(macs(plan.graph, node)) / timing.microseconds / 1e3 : 0;
    const StepCost cost = step_cost(executor->engine(), plan, step);
    const double bandwidth =
        timing.microseconds > 0 ? static_cast<double>(cost.bytes()) / timing.microseconds / 1e3 : 0;
    const std::string precision = node_precision(plan.graph, node);
    const MachinePeak& peak = peaks.of(precision);
    rows.push_back({{"name", node.name},
                    {"op", display_name(node.op)},
                    {"precision", precision},
                    {"tactic", step.tactic},
                    {"shape", plan.graph.value(node.outputs.front()).shape.str()},
                    {"microseconds", timing.microseconds},
                    {"gmacs_per_second", rate},
                    {"peak_percent", percent(rate, peak.gmacs_per_second)},
                    {"gbytes_per_second", bandwidth},
                    {"bandwidth_percent", percent(bandwidth, peak.gbytes_per_second)},
                    {"intensity", cost.intensity()}});
    text += fmt::format("{:<40} {:<22} {:<9} {:<26} {:>10.1f} {:>10.1f} {:>7.1f} {:>8.1f} {:>8.1f}\n",
                        node.name.substr(0, 40), display_name(node.op), precision, step.tactic, timing.microseconds,
                        rate, percent(rate, peak.gmacs_per_second), bandwidth, cost.intensity());
  }
  return rows;
}

std::vector<Bytes> photos_of(const Options& options) {
  std::vector<Bytes> images;
  for (const std::filesystem::path& file : image_files(options.end_to_end))
    if (images.size() < 256) images.push_back(read_file(file, options.limits.max_bytes));
  require(!images.empty(), ErrorKind::kInvalidArgument, "--end-to-end {}: no images", options.end_to_end.string());
  return images;
}

/// From the bytes of JPEG files to probabilities, one image at a time.
nlohmann::json end_to_end_row(const std::shared_ptr<const Executor>& executor, const std::vector<Bytes>& images,
                              const Options& options, std::string& text) {
  PhotoContext context(executor, options.limits, decode_on_from_name(options.decode), options.common.threads);
  std::vector<float> output(static_cast<std::size_t>(output_classes(executor->engine())));
  std::size_t at = 0;
  LatencyOptions timing;
  timing.seconds = options.seconds;
  const LatencySummary latency = measure_latency(
      [&] {
        const Encoded photo = images[at++ % images.size()];
        if (const auto error = context.run({&photo, 1}, output).front()) throw *error;
      },
      timing);
  text += fmt::format("from JPEG ({}): p50 {:.3f} ms, p99 {:.3f} ms, {:.1f} images/s\n",
                      context.on_device() ? "device" : "cpu", latency.p50, latency.p99, 1000 / latency.p50);
  return to_json(latency);
}

/// Photos per second of several threads that call `batch(thread)` over and over; `make` readies each before the clock.
template <typename Make>
double photos_per_second(int threads, const Options& options, const Make& make) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(threads));
  std::vector<decltype(make())> works;
  for (int i = 0; i < threads; ++i) works.push_back(make());
  for (auto& work : works) work();
  const Stopwatch watch;
  {
    std::vector<std::jthread> running;
    for (std::size_t i = 0; i < works.size(); ++i)
      running.emplace_back([&, i] {
        while (watch.seconds() < options.seconds && !cancelled()) counts[i] += works[i]();
      });
  }
  throw_if_cancelled();
  std::int64_t sum = 0;
  for (const std::int64_t count : counts) sum += count;
  return static_cast<double>(sum) / watch.seconds();
}

/// Batches of photos on several streams: one decodes while another's network runs. Beside it the photos' way to pixels
/// alone, where the device decodes.
nlohmann::json photos_row(const std::shared_ptr<const Executor>& executor, const std::vector<Bytes>& images,
                          const Options& options, std::string& text) {
  const auto batch = static_cast<std::size_t>(options.batch);
  std::vector<Encoded> photos;
  for (std::size_t i = 0; i < batch; ++i) photos.emplace_back(images[i % images.size()]);
  const PreprocessSpec& spec = executor->engine().info.preprocess;
  Device& device = executor->device();
  const DecodeOn where = decode_on_from_name(options.decode);
  const bool on_device = PhotoContext(executor, options.limits, where).on_device();
  const int streams = on_device ? options.streams : 1;
  nlohmann::json json = {{"streams", streams}, {"decode", on_device ? "device" : "cpu"}};
  const double rate = photos_per_second(streams, options, [&] {
    auto context = std::make_shared<PhotoContext>(executor, options.limits, where, options.common.threads);
    auto output =
        std::make_shared<std::vector<float>>(batch * static_cast<std::size_t>(output_classes(executor->engine())));
    return [context, output, &photos] {
      for (const auto& error : context->run(photos, *output))
        if (error) throw *error;
      return static_cast<std::int64_t>(photos.size());
    };
  });
  json["images_per_second"] = rate;
  text += fmt::format("from JPEG, batch {}, {} streams ({}): {:.1f} images/s\n", batch, streams,
                      on_device ? "device" : "cpu", rate);
  if (!on_device) return json;
  const double alone = photos_per_second(streams, options, [&] {
    auto decoder = std::shared_ptr<PhotoDecoder>(device.make_photo_decoder(spec, options.limits));
    auto stream = std::shared_ptr<Stream>(device.make_stream(1));
    auto pixels = std::shared_ptr<Buffer>(device.allocate(spec.batch_bytes(options.batch)));
    return [decoder, stream, pixels, &photos] {
      const std::vector<bool> done = decoder->run(photos, pixels->data(), *stream);
      stream->synchronize();
      return static_cast<std::int64_t>(std::count(done.begin(), done.end(), true));
    };
  });
  json["decode_images_per_second"] = alone;
  text += fmt::format("JPEG to pixels alone: {:.1f} images/s\n", alone);
  return json;
}

/// From the engine file to a context that is ready to run, the file and the code that steps share warm.
LatencySummary load_time(const std::filesystem::path& engine) {
  LatencyOptions timing;
  timing.seconds = 0.5;
  timing.min_runs = 5;
  return measure_latency(
      [&] {
        Engine loaded = load_engine(engine);
        const Backend& backend = backend_by_name(loaded.info.backend);
        const ExecutionContext ready(make_executor(std::move(loaded), backend));
      },
      timing);
}

int run(Options& options) {
  options.common.apply();
  const Subject subject = load_subject(options.subject, options.common.threads);
  const auto executor = make_executor(*subject.engine, backend_by_name(subject.engine->info.backend));
  Stand stand = make_stand(executor, options.batch, options.common.threads);
  LatencyOptions timing;
  timing.seconds = options.seconds;
  const LatencySummary latency =
      measure_latency([&] { stand.context.run(stand.input, options.batch, stand.output); }, timing);
  const double rate =
      options.hint == "throughput" ? images_per_second(executor, options) : 1000.0 * options.batch / latency.p50;
  std::string text =
      fmt::format("{}: {}, batch {}: p50 {:.3f} ms, p90 {:.3f}, p99 {:.3f}, min {:.3f}; {:.1f} images/s ({})\n",
                  subject.name, subject.engine->info.precision, options.batch, latency.p50, latency.p90, latency.p99,
                  latency.min, rate, options.hint);
  nlohmann::json json = {{"schema", 1},
                         {"batch", options.batch},
                         {"hint", options.hint},
                         {"precision", subject.engine->info.precision},
                         {"latency_ms", to_json(latency)},
                         {"images_per_second", rate},
                         {"layers", nlohmann::json::array()}};
  if (!options.subject.engine.empty()) {
    const LatencySummary load = load_time(options.subject.engine);
    text += fmt::format("loads in {:.1f} ms (min {:.1f})\n", load.p50, load.min);
    json["load_ms"] = to_json(load);
  }
  if (options.layers) {
    const int planned = executor->engine().plans.front().threads;
    Peaks peaks(*executor, options.common.threads > 0 ? options.common.threads : planned);
    json["layers"] = layer_rows(executor, options, peaks, text);
    json["peak"] = peaks.to_json();
  }
  if (!options.end_to_end.empty()) {
    const std::vector<Bytes> images = photos_of(options);
    json["end_to_end_ms"] = end_to_end_row(executor, images, options, text);
    if (options.hint == "throughput") json["end_to_end"] = photos_row(executor, images, options, text);
  }
  options.common.say(text);
  options.common.finish(json);
  return 0;
}

}  // namespace

std::function<int()> define_bench(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--engine", options->subject.engine, "The engine");
  arguments.option("--model", options->subject.model, "Or a model: its fp32 plan").excludes("--engine");
  arguments.option("--batch", options->batch, "Images per run").between(1, 4096);
  arguments.option("--hint", options->hint, "throughput: one stream per core").one_of({"latency", "throughput"});
  arguments.option("--seconds", options->seconds, "How long to measure").between(0.05, 3600);
  arguments.flag("--layers", options->layers, "Time of every step");
  arguments.option("--end-to-end", options->end_to_end, "Folder of images: time from their bytes to probabilities too");
  arguments.option("--decode", options->decode, "Who decodes JPEGs: auto is the engine's device where it can")
      .one_of({"auto", "cpu", "device"});
  arguments.option("--streams", options->streams, "With --end-to-end and throughput: batches on the device at once")
      .between(1, 64);
  arguments.idle_without({"--decode", "--streams"}, {"--end-to-end"});
  declare_preprocess(arguments, options->subject.preprocess);
  arguments.idle_without({"--preprocess"}, {"--model"});
  options->common.declare(arguments);
  arguments.examples(
      "  fovea bench --engine model.engine\n"
      "  fovea bench --engine model.engine --hint throughput --batch 8 --layers\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
