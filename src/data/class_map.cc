#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/io/file.h"
#include "base/json_text.h"
#include "data/dataset.h"

namespace fovea {
namespace {

constexpr std::int64_t kMostClasses = 10'000'000;

ClassMap parse_tsv(const std::string& text) {
  ClassMap map;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string> fields;
    std::istringstream split(line);
    for (std::string field; std::getline(split, field, '\t');) fields.push_back(field);
    int index = -1;
    const char* end = fields.empty() ? nullptr : fields[0].data() + fields[0].size();
    const bool numeric =
        end != nullptr && std::from_chars(fields[0].data(), end, index).ptr == end && !fields[0].empty();
    if (number == 1 && !numeric && fields.size() >= 2) continue;  // a heading
    require(numeric && index >= 0 && fields.size() >= 2 && !fields[1].empty(), ErrorKind::kInvalidArgument,
            "[class map] line {}: expected \"index<TAB>folder<TAB>name\", got \"{}\"", number, line.substr(0, 80));
    map.entries.push_back({index, fields[1], fields.size() > 2 ? fields[2] : fields[1]});
  }
  return map;
}

ClassMap parse_json(const std::string& text) {
  ClassMap map;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  require(json.is_array(), ErrorKind::kCorruptFile, "[class map] expected a JSON array");
  for (const nlohmann::json& entry : json) {
    require(entry.is_object() && entry.contains("index") && entry["index"].is_number_integer() &&
                entry.contains("folder") && entry["folder"].is_string() && entry.contains("name") &&
                entry["name"].is_string() && entry["index"].get<std::int64_t>() >= 0 &&
                entry["index"].get<std::int64_t>() < kMostClasses,
            ErrorKind::kCorruptFile, "[class map] an entry is not {{index, folder, name}} with an index from 0 to {}",
            kMostClasses - 1);
    map.entries.push_back(
        {entry["index"].get<int>(), entry["folder"].get<std::string>(), entry["name"].get<std::string>()});
  }
  return map;
}

}  // namespace

ClassMap parse_class_map(const std::string& json_or_tsv) {
  ClassMap map = json_or_tsv.starts_with('[') ? parse_json(json_or_tsv) : parse_tsv(json_or_tsv);
  require(!map.entries.empty(), ErrorKind::kInvalidArgument, "[class map] no entry");
  return map;
}

ClassMap read_class_map(const std::filesystem::path& file) { return parse_class_map(read_text(file)); }

std::string to_json_text(const ClassMap& map) {
  nlohmann::json json = nlohmann::json::array();
  for (const ClassMap::Entry& entry : map.entries)
    json.push_back({{"index", entry.index}, {"folder", entry.folder}, {"name", entry.name}});
  return json_text(json);
}

void apply_class_map(Dataset& dataset, const ClassMap& map, int class_count) {
  std::map<std::string, const ClassMap::Entry*> by_folder;
  for (const ClassMap::Entry& entry : map.entries) {
    require(entry.index >= 0 && entry.index < class_count, ErrorKind::kInvalidArgument,
            "[class map] folder {} is class {}, the model has {} classes", entry.folder, entry.index, class_count);
    by_folder[entry.folder] = &entry;
  }
  std::vector<std::string> names(static_cast<std::size_t>(class_count));
  for (int i = 0; i < class_count; ++i) names[static_cast<std::size_t>(i)] = "class " + std::to_string(i);
  for (const auto& [folder, entry] : by_folder) names[static_cast<std::size_t>(entry->index)] = entry->name;
  for (Sample& sample : dataset.samples) {
    const std::string& folder = dataset.classes[static_cast<std::size_t>(sample.label)];
    const auto found = by_folder.find(folder);
    require(found != by_folder.end(), ErrorKind::kInvalidArgument, "[class map] folder {} is not in the map", folder);
    sample.label = found->second->index;
  }
  dataset.classes = std::move(names);
}

}  // namespace fovea
