#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "graph/text.h"
#include "graph/text_numbers.h"

namespace fovea {
namespace {

template <typename T>
concept NamedEnum = requires(T value) {
  enum_names(value);
};

// One pair of overloads per kind of field: attribute_text writes it, read_attribute reads it (false: not valid).

std::string attribute_text(bool value) { return value ? "1" : "0"; }
bool read_attribute(std::string_view text, bool& value) {
  value = text == "1";
  return text == "1" || text == "0";
}

template <typename T>
requires std::is_arithmetic_v<T> std::string attribute_text(const T& value) { return number_text(value); }
template <typename T>
requires std::is_arithmetic_v<T>
bool read_attribute(std::string_view text, T& value) { return read_number(text, value); }

template <NamedEnum T>
std::string attribute_text(const T& value) {
  return std::string(enum_names(value)[static_cast<std::size_t>(value)]);
}
template <NamedEnum T>
bool read_attribute(std::string_view text, T& value) {
  for (std::size_t i = 0; i < enum_names(value).size(); ++i)
    if (enum_names(value)[i] == text) {
      value = static_cast<T>(i);
      return true;
    }
  return false;
}

std::string attribute_text(const DType& value) { return std::string(name(value)); }
bool read_attribute(std::string_view text, DType& value) {
  const std::optional<DType> found = dtype_from_name(text);
  value = found.value_or(value);
  return found.has_value();
}

/// "relu", "clip:0:6": parameters that mean something, and any other that is not 0.
std::string attribute_text(const Activation& value) {
  const int shown = value.beta != 0 ? 2 : std::max(parameter_count(value.function), value.alpha != 0 ? 1 : 0);
  std::string text(name(value.function));
  if (shown > 0) text += fmt::format(":{}", value.alpha);
  if (shown > 1) text += fmt::format(":{}", value.beta);
  return text;
}
bool read_attribute(std::string_view text, Activation& value) {
  value = {};
  const std::optional<Function> function = function_from_name(next_part(text, ':'));
  if (!function) return false;
  value.function = *function;
  if (text.empty()) return true;
  if (!read_number(next_part(text, ':'), value.alpha)) return false;
  return text.empty() || read_number(text, value.beta);
}

template <typename List>
std::string list_text(const List& values) {
  std::string text;
  for (const auto& value : values) {
    if (!text.empty()) text += ',';
    text += number_text(value);
  }
  return text;
}
template <typename T, std::size_t N>
std::string attribute_text(const std::array<T, N>& values) {
  return list_text(values);
}
template <typename T, std::size_t N>
bool read_attribute(std::string_view text, std::array<T, N>& values) {
  for (std::size_t i = 0; i < N; ++i) {
    const bool more = text.find(',') != std::string_view::npos;
    if (more != (i + 1 < N) || !read_number(next_part(text, ','), values[i])) return false;
  }
  return true;
}
template <typename T>
std::string attribute_text(const std::vector<T>& values) {
  return list_text(values);
}
template <typename T>
bool read_attribute(std::string_view text, std::vector<T>& values) {
  values.clear();
  for (bool more = !text.empty(); more;) {
    more = text.find(',') != std::string_view::npos;
    if (!read_number(next_part(text, ','), values.emplace_back())) return false;
  }
  return true;
}

/// The text of a graph as one word: what would end it stands as %XX.
constexpr std::string_view kEscaped = " \n%";
std::string attribute_text(const RegionBody& value) {
  std::string text;
  for (const char c : value.text)
    text += kEscaped.find(c) == std::string_view::npos ? std::string(1, c)
                                                       : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  return text;
}
bool read_attribute(std::string_view text, RegionBody& value) {
  value.text.clear();
  while (!text.empty()) {
    const bool escaped = text.front() == '%';
    unsigned code = static_cast<unsigned char>(text.front());
    if (escaped &&
        (text.size() < 3 || std::from_chars(text.data() + 1, text.data() + 3, code, 16).ptr != text.data() + 3))
      return false;
    value.text += static_cast<char>(code);
    text.remove_prefix(escaped ? 3 : 1);
  }
  return true;
}

struct Writer {
  std::vector<std::pair<std::string_view, std::string>> entries;
  template <typename T>
  void operator()(std::string_view key, const T& field) {
    entries.emplace_back(key, attribute_text(field));
  }
};

struct Reader {
  std::string_view key, text;
  bool known = false;
  template <typename T>
  void operator()(std::string_view field_key, T& field) {
    if (field_key != key) return;
    known = true;
    require(read_attribute(text, field), ErrorKind::kCorruptFile, "attribute {}={} is not valid", key, text);
  }
};

template <std::size_t... Index>
std::optional<Op> op_named(std::string_view wanted, std::index_sequence<Index...>) {
  std::optional<Op> found;
  const auto try_one = [&]<typename Type>(Type op) {
    if (op_name(op) != wanted) return false;
    found = std::move(op);
    return true;
  };
  (try_one(std::variant_alternative_t<Index, Op>{}) || ...);
  return found;
}

}  // namespace

std::string print_attributes(const Op& op) {
  return std::visit(
      [](auto type) {
        Writer mine, usual;
        visit_attributes(type, mine);
        decltype(type) defaults;
        visit_attributes(defaults, usual);
        std::string text;
        for (std::size_t i = 0; i < mine.entries.size(); ++i)
          if (mine.entries[i] != usual.entries[i])
            text += fmt::format("{}{}={}", text.empty() ? "" : " ", mine.entries[i].first, mine.entries[i].second);
        return text;
      },
      op);
}

Op parse_op(std::string_view op_name, std::string_view attributes) {
  std::optional<Op> op = op_named(op_name, std::make_index_sequence<std::variant_size_v<Op>>());
  require(op.has_value(), ErrorKind::kCorruptFile, "unknown op '{}'", op_name);
  std::vector<std::string_view> seen;
  while (!attributes.empty()) {
    std::string_view value = next_part(attributes, ' ');
    if (value.empty()) continue;
    const bool pair = value.find('=') != std::string_view::npos;
    Reader reader{next_part(value, '='), value};
    require(pair, ErrorKind::kCorruptFile, "'{}' is no attribute key=value", reader.key);
    std::visit([&](auto& type) { visit_attributes(type, reader); }, *op);
    require(reader.known, ErrorKind::kCorruptFile, "{} has no attribute '{}'", op_name, reader.key);
    // There are at most as many different keys as the op has fields, so this search stays short.
    require(std::ranges::find(seen, reader.key) == seen.end(), ErrorKind::kCorruptFile, "attribute {} is given twice",
            reader.key);
    seen.push_back(reader.key);
  }
  return *std::move(op);
}

}  // namespace fovea
