#include "pipeline/why.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace fovea {
namespace {

constexpr std::string_view kChosen = "chosen";

class Texts {
 public:
  int number(const std::string& text) {
    const auto [place, is_new] = numbers_.try_emplace(text, static_cast<int>(list_.size()));
    if (is_new) list_.push_back(text);
    return place->second;
  }
  nlohmann::json take() { return std::move(list_); }

 private:
  std::map<std::string, int> numbers_;
  nlohmann::json list_ = nlohmann::json::array();
};

/// "12.3 us" → 12.3; what is no time comes last.
double microseconds_of(const std::string& verdict) {
  double value = 0;
  return std::sscanf(verdict.c_str(), "%lf us", &value) == 1 ? value : 1e300;
}

/// Per tactic, in the order of the list: what it said of its best configuration; chosen ones win.
std::vector<std::pair<std::string, std::string>> best_by_tactic(const TacticReport& report) {
  std::vector<std::pair<std::string, std::string>> best;
  std::map<std::string, std::pair<std::size_t, double>> known;
  for (const TacticReport::Candidate& candidate : report.candidates) {
    const double time = candidate.verdict.starts_with(kChosen) ? -1 : microseconds_of(candidate.verdict);
    std::string text =
        candidate.config.empty() ? candidate.verdict : fmt::format("{} ({})", candidate.verdict, candidate.config);
    const auto [place, is_new] = known.try_emplace(candidate.tactic, best.size(), time);
    if (is_new) {
      best.emplace_back(candidate.tactic, std::move(text));
    } else if (time < place->second.second) {
      place->second.second = time;
      best[place->second.first].second = std::move(text);
    }
  }
  return best;
}

}  // namespace

nlohmann::json describe_why(const std::vector<TacticReport>& tactics) {
  Texts texts;
  nlohmann::json nodes = nlohmann::json::object();
  for (const TacticReport& report : tactics) {
    nlohmann::json rows = nlohmann::json::array();
    for (const auto& [tactic, text] : best_by_tactic(report))
      rows.push_back({texts.number(tactic), texts.number(text)});
    if (!rows.empty()) nodes[report.node] = std::move(rows);
  }
  return {{"texts", texts.take()}, {"nodes", std::move(nodes)}};
}

std::string why_text(const nlohmann::json& why, const std::string& node) {
  if (!why.is_object() || !why.contains("nodes") || !why.at("nodes").contains(node)) return "";
  const nlohmann::json& texts = why.at("texts");
  std::string lines;
  for (const nlohmann::json& row : why.at("nodes").at(node)) {
    const auto tactic = texts.at(row.at(0).get<std::size_t>()).get<std::string>();
    const auto text = texts.at(row.at(1).get<std::size_t>()).get<std::string>();
    lines += fmt::format("{} {:<28} {}\n", text.starts_with(kChosen) ? "→" : " ", tactic, text);
  }
  return lines;
}

}  // namespace fovea
