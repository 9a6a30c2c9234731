#include "engine/layout.h"

#include <algorithm>
#include <cstring>

#include "graph/reference.h"

namespace fovea {
namespace {

constexpr std::int64_t kBlock = 16;

/// Calls body(plain element, stored element) for every logical element of n c h w.
template <typename Body>
void for_each_element(const OperandView& view, const Body& body) {
  const std::int64_t channels = view.shape[1], area = view.shape[2] * view.shape[3];
  const std::int64_t blocks = (channels + kBlock - 1) / kBlock;
  std::int64_t plain = 0;
  for (std::int64_t n = 0; n < view.shape[0]; ++n)
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t at = 0; at < area; ++at, ++plain)
        body(plain, view.layout == Layout::kNhwc ? (n * area + at) * channels + c
                                                 : ((n * blocks + c / kBlock) * area + at) * kBlock + c % kBlock);
}

/// Copies elements of a size known when compiled: memcpy of a variable size would be a call each.
template <std::size_t kSize, typename Body>
void copy_elements(const OperandView& view, const std::byte* from, std::byte* to, const Body& order) {
  for_each_element(view, [&](std::int64_t plain, std::int64_t stored) {
    const auto [source, target] = order(static_cast<std::size_t>(plain), static_cast<std::size_t>(stored));
    std::memcpy(to + target * kSize, from + source * kSize, kSize);
  });
}

template <typename Body>
void copy_any(const OperandView& view, const std::byte* from, std::byte* to, const Body& order) {
  switch (size_of(view.dtype)) {
    case 1:
      return copy_elements<1>(view, from, to, order);
    case 2:
      return copy_elements<2>(view, from, to, order);
    case 4:
      return copy_elements<4>(view, from, to, order);
    default:
      return copy_elements<8>(view, from, to, order);
  }
}

}  // namespace

Tensor to_plain(std::span<const std::byte> stored, const OperandView& view) {
  Tensor plain(view.dtype, view.shape);
  if (plain.elements() == 0) return plain;
  if (view.layout == Layout::kPlain) {
    std::memcpy(plain.bytes().data(), stored.data(), plain.byte_size());
  } else {
    copy_any(view, stored.data(), plain.bytes().data(), [](std::size_t p, std::size_t s) { return std::pair(s, p); });
  }
  return plain;
}

void from_plain(const Tensor& plain, const OperandView& view, std::span<std::byte> stored) {
  if (plain.elements() == 0) return;
  if (view.layout == Layout::kPlain) {
    std::memcpy(stored.data(), plain.bytes().data(), plain.byte_size());
    return;
  }
  std::fill(stored.begin(), stored.end(), std::byte{0});
  copy_any(view, plain.bytes().data(), stored.data(), [](std::size_t p, std::size_t s) { return std::pair(p, s); });
}

Tensor real_values(const Value& type, const Tensor& stored) { return to_f32(to_real(type, stored)); }
Tensor stored_values(const Value& type, const Tensor& real) { return from_real(type, real); }

}  // namespace fovea
