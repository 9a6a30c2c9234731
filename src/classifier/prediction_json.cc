#include "classifier/prediction_json.h"
#include "base/json_text.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace fovea {
namespace {

double rounded(double p) { return std::round(p * 1e6) / 1e6; }

/// Text that JSON can hold, whatever a folder's name was.
std::string clean(const std::string& text) {
  return nlohmann::json::parse(json_text(nlohmann::json(text))).get<std::string>();
}

}  // namespace

nlohmann::ordered_json probabilities_json(const Prediction& prediction) {
  constexpr std::size_t kListedInFull = 10;
  constexpr int kShort = 5;
  const bool all = prediction.probabilities.size() <= kListedInFull;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  double rest = 1;
  for (const ClassProbability& entry : prediction.top(all ? 0 : kShort)) {
    json[clean(entry.label)] = rounded(entry.p);
    rest -= rounded(entry.p);
  }
  if (!all) json["rest"] = rounded(std::max(0.0, rest));
  return json;
}

nlohmann::ordered_json top_json(const Prediction& prediction, int top) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const ClassProbability& entry : prediction.top(top))
    json.push_back({{"index", entry.index}, {"label", clean(entry.label)}, {"p", rounded(entry.p)}});
  return json;
}

nlohmann::ordered_json prediction_json(const std::string& file, const Prediction& prediction, int top) {
  return {{"schema", 1},
          {"file", clean(file)},
          {"probabilities", probabilities_json(prediction)},
          {"top", top_json(prediction, top)}};
}

nlohmann::ordered_json prediction_json(const std::string& file, const Error& error) {
  return {{"schema", 1}, {"file", clean(file)}, {"error", clean(error.message())}};
}

std::string probabilities_line(const Prediction& prediction) {
  const nlohmann::ordered_json json = probabilities_json(prediction);
  std::string line;
  for (auto entry = json.begin(); entry != json.end(); ++entry)
    line += (line.empty() ? "" : ", ") + nlohmann::json(entry.key()).dump() + ": " + entry->dump();
  return "{" + line + "}";
}

}  // namespace fovea
