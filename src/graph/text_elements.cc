#include "graph/text_elements.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/text_numbers.h"
#include "tensor/dispatch.h"

namespace fovea {
namespace {

/// How an element of type T is written: as Number, whose bits as Bits.
template <typename T>
struct Form {
  using Number = T;
  static T read(Number value) { return value; }
  static Number shown(T value) { return value; }
};
template <>
struct Form<float> {
  using Number = float;
  using Bits = std::uint32_t;
  static float read(Number value) { return value; }
  static Number shown(float value) { return value; }
};
template <>
struct Form<double> {
  using Number = double;
  using Bits = std::uint64_t;
  static double read(Number value) { return value; }
  static Number shown(double value) { return value; }
};
template <>
struct Form<F16> {
  using Number = float;
  using Bits = std::uint16_t;
  static F16 read(Number value) { return {f32_to_f16(value)}; }
  static Number shown(F16 value) { return f16_to_f32(value.bits); }
};
template <>
struct Form<BF16> {
  using Number = float;
  using Bits = std::uint16_t;
  static BF16 read(Number value) { return {f32_to_bf16(value)}; }
  static Number shown(BF16 value) { return bf16_to_f32(value.bits); }
};
template <>
struct Form<F8> {
  using Number = float;
  using Bits = std::uint8_t;
  static F8 read(Number value) { return {f32_to_f8(value)}; }
  static Number shown(F8 value) { return f8_to_f32(value.bits); }
};
template <>
struct Form<bool> {
  using Number = std::uint8_t;
  static bool read(Number value) { return value != 0; }
  static Number shown(bool value) { return value ? 1 : 0; }
};

template <typename T>
concept HasBits = requires {
  typename Form<T>::Bits;
};

template <typename T>
std::string element_text(T value) {
  const auto number = Form<T>::shown(value);
  if constexpr (HasBits<T>) {
    using Bits = typename Form<T>::Bits;
    const T usual = Form<T>::read(std::numeric_limits<typename Form<T>::Number>::quiet_NaN());
    if (std::isnan(number))
      return std::bit_cast<Bits>(value) == std::bit_cast<Bits>(usual)
                 ? std::string("nan")
                 : fmt::format("{:#x}", std::bit_cast<Bits>(value));
  }
  return number_text(number);
}

template <typename T>
bool read_element(std::string_view text, T& value) {
  if constexpr (HasBits<T>) {
    using Bits = typename Form<T>::Bits;
    if (text.starts_with("0x")) {
      Bits bits{};
      const char* end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(text.data() + 2, end, bits, 16);
      value = std::bit_cast<T>(bits);
      return error == std::errc() && stop == end && text.size() > 2;
    }
  }
  typename Form<T>::Number number{};
  if (!read_number(text, number)) return false;
  if (std::is_same_v<T, bool> && number > typename Form<T>::Number{1}) return false;
  if constexpr (HasBits<T>)
    if (std::isnan(number)) number = std::numeric_limits<decltype(number)>::quiet_NaN();
  value = Form<T>::read(number);
  return true;
}

}  // namespace

std::string elements_text(const Tensor& tensor) {
  std::string text;
  with_element(tensor.dtype(), [&]<typename T>(T) {
    for (const T value : tensor.data<T>()) {
      if (!text.empty()) text += ", ";
      text += element_text(value);
    }
  });
  return text;
}

Tensor read_elements(DType dtype, Shape shape, std::string_view text) {
  // A number and its separator take two characters or more, so this bounds the memory before it is taken.
  const std::int64_t count = shape.elements();
  require(count <= static_cast<std::int64_t>(text.size()), ErrorKind::kCorruptFile, "fewer than {} elements", count);
  Tensor tensor(dtype, std::move(shape));
  with_element(dtype, [&]<typename T>(T) {
    bool more = text.find_first_not_of(' ') != std::string_view::npos;
    for (T& value : tensor.data<T>()) {
      require(more, ErrorKind::kCorruptFile, "fewer than {} elements", count);
      more = text.find(',') != std::string_view::npos;
      std::string_view part = next_part(text, ',');
      while (part.starts_with(' ')) part.remove_prefix(1);
      while (part.ends_with(' ')) part.remove_suffix(1);
      require(read_element(part, value), ErrorKind::kCorruptFile, "'{}' is no {}", part, name(dtype));
    }
    require(!more, ErrorKind::kCorruptFile, "more than {} elements", count);
  });
  return tensor;
}

}  // namespace fovea
