#include "quantize/calibration_cache.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io/file.h"
#include "base/log/log.h"

namespace fovea {
namespace {

Ranges read_ranges(const nlohmann::json& json, const std::string& file) {
  Ranges ranges;
  for (const auto& [value, range] : json.items()) {
    require(range.is_array() && range.size() == 2 && range[0].is_number() && range[1].is_number(),
            ErrorKind::kCorruptFile, "[calibration] {}: the range of {} is not [low, high]", file, value);
    const Range read{range[0].get<float>(), range[1].get<float>()};
    require(read.low <= 0 && read.high >= 0 && std::isfinite(read.low) && std::isfinite(read.high),
            ErrorKind::kCorruptFile, "[calibration] {}: the range of {} is [{}, {}], expected low ≤ 0 ≤ high", file,
            value, read.low, read.high);
    ranges[value] = read;
  }
  return ranges;
}

std::vector<RepairReport> read_repairs(const nlohmann::json& json) {
  std::vector<RepairReport> repairs;
  for (const nlohmann::json& row : json)
    repairs.push_back({row.at("name").get<std::string>(), row.at("paper").get<std::string>(),
                       row.at("applied").get<bool>(), row.at("before").get<double>(), row.at("after").get<double>()});
  return repairs;
}

template <typename T>
T value_or_empty(const nlohmann::json& json, const char* key) {
  return json.contains(key) ? json.at(key).get<T>() : T();
}

}  // namespace

std::optional<CachedCalibration> load_calibration(const std::filesystem::path& file, const std::string& key) {
  std::error_code code;
  if (file.empty() || !std::filesystem::exists(file, code)) return std::nullopt;
  const nlohmann::json json = nlohmann::json::parse(read_text(file), nullptr, false);
  require(json.is_object() && json.contains("ranges") && json["ranges"].is_object() && json.contains("key") &&
              json["key"].is_string() && json.contains("method") && json["method"].is_string(),
          ErrorKind::kCorruptFile, "[calibration] {} is no calibration cache", file.string());
  if (json["key"].get<std::string>() != key) {
    log_warning("calibration cache {} is of another model, image set or method: calibrating anew", file.string());
    return std::nullopt;
  }
  CachedCalibration found;
  found.report.ranges = read_ranges(json["ranges"], file.string());
  try {
    found.report.method = json["method"].get<std::string>();
    found.report.images = json.value("images", 0);
    found.report.divergence = json.value("divergence", -1.0);
    found.report.repairs = read_repairs(value_or_empty<nlohmann::json>(json, "repairs"));
    found.report.sensitivity = value_or_empty<std::map<std::string, double>>(json, "sensitivity");
    found.equalization = value_or_empty<ChannelScales>(json, "equalization");
    found.biases = value_or_empty<std::map<std::string, std::vector<float>>>(json, "biases");
  } catch (const nlohmann::json::exception&) {
    fail(ErrorKind::kCorruptFile,
         "[calibration] {}: repairs, sensitivity, equalization or biases are not what they "
         "should be",
         file.string());
  }
  return found;
}

void save_calibration(const std::filesystem::path& file, const std::string& key, const CachedCalibration& found) {
  nlohmann::json ranges = nlohmann::json::object();
  for (const auto& [value, range] : found.report.ranges) ranges[value] = {range.low, range.high};
  nlohmann::json repairs = nlohmann::json::array();
  for (const RepairReport& repair : found.report.repairs)
    repairs.push_back({{"name", repair.name},
                       {"paper", repair.paper},
                       {"applied", repair.applied},
                       {"before", repair.before},
                       {"after", repair.after}});
  const nlohmann::json json = {{"schema", 1},
                               {"key", key},
                               {"method", found.report.method},
                               {"images", found.report.images},
                               {"ranges", ranges},
                               {"divergence", found.report.divergence},
                               {"repairs", repairs},
                               {"sensitivity", found.report.sensitivity},
                               {"equalization", found.equalization},
                               {"biases", found.biases}};
  write_atomic(file, json.dump(1) + "\n");
}

}  // namespace fovea
