#pragma once

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>

namespace fovea {

/// Numbers of the text form: the shortest decimals that read back as the same number; "inf", "-inf", "nan".
template <typename T>
std::string number_text(T value) {
  return fmt::format("{}", value);
}

/// The whole of `text` as a number; false when it is none or does not fit.
template <typename T>
bool read_number(std::string_view text, T& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && !text.empty();
}

/// Cuts off and returns what stands before the next `separator` (all, when there is none); `text` keeps the rest.
inline std::string_view next_part(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return part;
}

}  // namespace fovea
