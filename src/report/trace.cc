#include "report/trace.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace fovea {
namespace {

/// Characters, not bytes: the table holds × and →.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width > width_of(text) ? width - width_of(text) : 0, ' ');
}

}  // namespace

nlohmann::ordered_json to_json(const Trace& trace) {
  nlohmann::ordered_json stages = nlohmann::ordered_json::array();
  for (const StageTrace& stage : trace.stages)
    stages.push_back({{"id", stage.id},
                      {"title", stage.title},
                      {"input", stage.input},
                      {"operation", stage.operation},
                      {"output", stage.output},
                      {"example", stage.example},
                      {"seconds", stage.seconds},
                      {"details", stage.details}});
  return {{"schema", 1},        {"title", trace.title},
          {"note", trace.note}, {"environment", trace.environment},
          {"stages", stages},   {"key_insight", trace.key_insight}};
}

Trace trace_from_json(const nlohmann::ordered_json& json) {
  Trace trace;
  try {
    trace.title = json.at("title").get<std::string>();
    trace.note = json.at("note").get<std::string>();
    trace.environment = json.at("environment");
    trace.key_insight = json.at("key_insight").get<std::string>();
    for (const nlohmann::ordered_json& entry : json.at("stages")) {
      StageTrace& stage = trace.stages.emplace_back();
      stage.id = entry.at("id").get<std::string>();
      stage.title = entry.at("title").get<std::string>();
      stage.input = entry.at("input").get<std::string>();
      stage.operation = entry.at("operation").get<std::string>();
      stage.output = entry.at("output").get<std::string>();
      stage.example = entry.at("example").get<std::string>();
      stage.seconds = entry.at("seconds").get<double>();
      stage.details = entry.at("details");
    }
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::kCorruptFile, "[report] not the JSON of a trace: {}", error.what());
  }
  return trace;
}

std::string stage_table(const Trace& trace) {
  using Row = std::array<std::string, 4>;
  std::vector<Row> rows = {{"stage", "input", "what happens", "output"}};
  for (std::size_t i = 0; i < trace.stages.size(); ++i) {
    const StageTrace& stage = trace.stages[i];
    rows.push_back({fmt::format("{} {}", i + 1, stage.title), stage.input, stage.operation, stage.output});
  }
  std::array<std::size_t, 4> widths = {};
  for (const Row& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < 4; ++c)
      text += (c > 0 ? " | " : "") + (c < 3 ? padded(rows[r][c], widths[c]) : rows[r][c]);
    text += '\n';
    if (r == 0) text += std::string(widths[0] + widths[1] + widths[2] + widths[3] + 9, '-') + '\n';
  }
  return text;
}

}  // namespace fovea
