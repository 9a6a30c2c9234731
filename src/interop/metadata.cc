#include "interop/metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json_text.h"
#include "base/log/log.h"

namespace fovea::interop {
namespace {

using nlohmann::json;

std::vector<std::string> labels_from_list(const json& list) {
  std::vector<std::string> labels;
  for (const json& label : list) {
    if (!label.is_string()) return {};
    labels.push_back(label.get<std::string>());
  }
  return labels;
}

/// {"0": "cat", "1": "dog"}; empty where it isn't a complete 0…n−1 map.
std::vector<std::string> labels_from_map(const json& map) {
  std::vector<std::string> labels(map.size());
  for (const auto& [key, label] : map.items()) {
    char* end = nullptr;
    const long index = std::strtol(key.c_str(), &end, 10);
    if (*end != '\0' || index < 0 || index >= static_cast<long>(labels.size()) || !label.is_string()) return {};
    labels[static_cast<std::size_t>(index)] = label.get<std::string>();
  }
  return labels;
}

/// Ultralytics writes a Python dict: {0: 'cat', 1: "it's"}. Rewritten to JSON: keys quoted, single-quoted strings
/// doubled.
std::string json_from_python_dict(const std::string& text) {
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\' && i + 1 < text.size()) {
        if (text[i + 1] == '\'')
          out += '\'';
        else
          (out += c) += text[i + 1];
        ++i;
      } else if (c == quote) {
        quote = 0;
        out += '"';
      } else {
        if (c == '"') out += '\\';
        out += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      out += '"';
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      std::size_t end = i;
      while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
      out += '"' + text.substr(i, end - i) + '"';
      i = end - 1;
    } else {
      out += c;
    }
  }
  return out;
}

std::vector<std::string> labels_of(const json& found) {
  if (found.is_array()) return labels_from_list(found);
  return found.is_object() ? labels_from_map(found) : std::vector<std::string>{};
}

bool read_own(const std::string& key, const std::string& value, Model& model) {
  if (key == "fovea.labels") {
    model.labels = labels_of(json::parse(value, nullptr, false));
    require(!model.labels.empty(), ErrorKind::kCorruptFile, "[onnx] metadata fovea.labels is no list of names");
  } else if (key == "fovea.preprocess") {
    const json spec = json::parse(value, nullptr, false);
    require(spec.is_object(), ErrorKind::kCorruptFile, "[onnx] metadata fovea.preprocess is no JSON object");
    model.preprocess = preprocess_from_json(spec);
  } else if (key == "fovea.split") {
    model.split = value;
  } else if (key == "fovea.history") {
    model.history = value;
  } else if (key == "fovea.class_map") {
    model.class_map = value;
  } else {
    return false;
  }
  return true;
}

}  // namespace

void read_metadata(const onnx::ModelProto& proto, Model& model) {
  std::vector<std::string> foreign;
  for (const auto& entry : proto.metadata_props()) {
    if (read_own(entry.key(), entry.value(), model)) continue;
    model.metadata[entry.key()] = entry.value();
    if (entry.key() == "names" || entry.key() == "labels" || entry.key() == "id2label") {
      json parsed = json::parse(entry.value(), nullptr, false);
      if (parsed.is_discarded()) parsed = json::parse(json_from_python_dict(entry.value()), nullptr, false);
      if (!parsed.is_discarded() && foreign.empty()) foreign = labels_of(parsed);
    }
    if (entry.key() == "config" || entry.key() == "config.json") {
      const json parsed = json::parse(entry.value(), nullptr, false);
      if (parsed.is_object() && parsed.contains("id2label") && foreign.empty()) foreign = labels_of(parsed["id2label"]);
    }
  }
  if (model.labels.empty()) model.labels = std::move(foreign);
}

void write_metadata(const Model& model, onnx::ModelProto& proto) {
  std::map<std::string, std::string> entries = model.metadata;
  if (!model.labels.empty()) entries["fovea.labels"] = json_text(json(model.labels));
  if (model.preprocess) entries["fovea.preprocess"] = to_json(*model.preprocess).dump();
  if (!model.split.empty()) entries["fovea.split"] = model.split;
  if (!model.history.empty()) entries["fovea.history"] = model.history;
  if (!model.class_map.empty()) entries["fovea.class_map"] = model.class_map;
  for (const auto& [key, value] : entries) {
    auto* entry = proto.add_metadata_props();
    entry->set_key(key);
    entry->set_value(value);
  }
}

}  // namespace fovea::interop
