#include "quantize/ranges.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io/file.h"
#include "base/log/log.h"
#include "base/log/progress.h"

namespace fovea {

Histograms observe_ranges(std::shared_ptr<const Executor> engine, const Dataset& dataset,
                          const std::vector<int>& samples, const DecodeLimits& limits, int threads) {
  const EngineInfo& info = engine->engine().info;
  const Graph& graph = engine->engine().plans.front().graph;
  Histograms histograms;
  ExecutionContext context(engine, threads);
  context.observe([&](const Plan& plan, ValueId id, const Tensor& stored) {
    const Value& value = plan.graph.value(id);
    if (value.dtype == DType::kF32) histograms[value.name].add(stored.data<float>());
  });
  LoaderOptions options;
  options.spec = info.preprocess;
  options.limits = limits;
  options.batch = 1;
  options.ahead = 8;
  options.order = samples;
  options.threads = threads;
  Loader loader(dataset, options);
  const auto classes = static_cast<std::size_t>(graph.value(graph.outputs().front()).shape.elements());
  std::vector<float> output(classes);
  Progress progress("calibration", static_cast<std::int64_t>(samples.size()), "images");
  int seen = 0;
  while (std::optional<Batch> batch = loader.next()) {
    context.run(std::as_bytes(std::span(batch->pixels)), 1, output);
    progress.advance();
    ++seen;
  }
  require(seen > 0, ErrorKind::kInvalidArgument, "[calibration] none of the {} images can be decoded", samples.size());
  return histograms;
}

Ranges choose_ranges(const Histograms& histograms, Calibration method) {
  Ranges ranges;
  for (const auto& [value, histogram] : histograms)
    if (histogram.finite()) ranges[value] = choose_range(histogram, method);
  return ranges;
}

Ranges load_ranges(const std::filesystem::path& file, const std::string& key) {
  std::error_code code;
  if (file.empty() || !std::filesystem::exists(file, code)) return {};
  const nlohmann::json json = nlohmann::json::parse(read_text(file), nullptr, false);
  require(json.is_object() && json.contains("ranges") && json["ranges"].is_object() && json.contains("key") &&
              json["key"].is_string(),
          ErrorKind::kCorruptFile, "[calibration] {} is no calibration cache", file.string());
  if (json["key"].get<std::string>() != key) {
    log_warning("calibration cache {} is of another model, image set or method: calibrating anew", file.string());
    return {};
  }
  Ranges ranges;
  for (const auto& [value, range] : json["ranges"].items()) {
    require(range.is_array() && range.size() == 2 && range[0].is_number() && range[1].is_number(),
            ErrorKind::kCorruptFile, "[calibration] {}: the range of {} is not [low, high]", file.string(), value);
    const Range read{range[0].get<float>(), range[1].get<float>()};
    require(read.low <= 0 && read.high >= 0, ErrorKind::kCorruptFile,
            "[calibration] {}: the range of {} is [{}, {}], expected low ≤ 0 ≤ high", file.string(), value, read.low,
            read.high);
    ranges[value] = read;
  }
  return ranges;
}

void save_ranges(const std::filesystem::path& file, const std::string& key, Calibration method, const Ranges& ranges) {
  nlohmann::json list = nlohmann::json::object();
  for (const auto& [value, range] : ranges) list[value] = {range.low, range.high};
  const nlohmann::json json = {{"schema", 1}, {"key", key}, {"method", std::string(name(method))}, {"ranges", list}};
  write_atomic(file, json.dump(1) + "\n");
}

}  // namespace fovea
