#include "backend/api/tactic.h"

#include <charconv>

#include "base/error.h"

namespace fovea {
namespace {

std::pair<std::string, int> parse_entry(std::string_view item) {
  const std::size_t equals = item.find('=');
  require(equals != std::string_view::npos && equals > 0, ErrorKind::kCorruptFile,
          "[config] '{}' given, expected key=value", item);
  const std::string_view digits = item.substr(equals + 1);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  require(error == std::errc() && end == digits.data() + digits.size(), ErrorKind::kCorruptFile,
          "[config] '{}' given, expected an integer after '='", item);
  return {std::string(item.substr(0, equals)), value};
}

}  // namespace

int Config::get(std::string_view key, int otherwise) const {
  for (const auto& [name, value] : values) {
    if (name == key) return value;
  }
  return otherwise;
}

std::string Config::str() const {
  std::string text;
  for (const auto& [key, value] : values) text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  return text;
}

Config Config::parse(std::string_view text) {
  Config config;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    auto entry = parse_entry(text.substr(0, end));
    for (const auto& [key, value] : config.values) {
      require(key != entry.first, ErrorKind::kCorruptFile, "[config] '{}' given twice", key);
    }
    config.values.push_back(std::move(entry));
    text.remove_prefix(end);
    if (!text.empty()) text.remove_prefix(1);
  }
  return config;
}

std::vector<Config> one_config(const NodeView&, const DeviceInfo&) { return {Config{}}; }
Bytes pack_nothing(const NodeView&, const Config&, const Weights&) { return {}; }

const Tactic* find_tactic(const Backend& backend, std::string_view name) {
  for (const Tactic& tactic : backend.tactics()) {
    if (tactic.name == name) return &tactic;
  }
  return nullptr;
}

}  // namespace fovea
