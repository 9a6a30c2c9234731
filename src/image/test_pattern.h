#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/io/file.h"
#include "image/image.h"

namespace fovea {

/// A gradient with hashed noise; tools/make_resize_cases.py computes the same one.
inline Image pattern(int width, int height) {
  Image image(width, height);
  for (unsigned y = 0; y < static_cast<unsigned>(height); ++y)
    for (unsigned x = 0; x < static_cast<unsigned>(width); ++x)
      for (unsigned c = 0; c < 3; ++c) {
        const unsigned noise = (x * 73856093U ^ y * 19349663U ^ c * 83492791U) * 2654435761U;
        image.at(static_cast<int>(x), static_cast<int>(y))[c] =
            static_cast<std::uint8_t>(x * (3 + c) + y * (5 - c) + (noise >> 25));
      }
  return image;
}

/// Slow gradients: what lossy formats keep.
inline Image smooth(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      image.at(x, y)[0] = static_cast<std::uint8_t>(40 + 160 * x / width);
      image.at(x, y)[1] = static_cast<std::uint8_t>(40 + 160 * y / height);
      image.at(x, y)[2] = static_cast<std::uint8_t>(200 - 160 * x / width);
    }
  return image;
}

/// Mean |a − b|; 255 where the sizes differ.
inline double mean_difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height || a.pixels.size() != b.pixels.size()) return 255;
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(int{a.pixels[i]} - int{b.pixels[i]});
  return sum / static_cast<double>(a.pixels.size());
}

inline Bytes from_base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Bytes bytes;
  unsigned bits = 0;
  int held = 0;
  for (const char letter : text.substr(0, text.find('='))) {
    bits = bits << 6 | static_cast<unsigned>(kDigits.find(letter));
    held += 6;
    if (held >= 8) bytes.push_back(static_cast<std::byte>(bits >> (held -= 8)));
  }
  return bytes;
}

/// Little-endian (or big-endian) number, appended.
inline void append(Bytes& bytes, std::uint32_t value, int count, bool big = false) {
  for (int i = 0; i < count; ++i) {
    const int place = big ? count - 1 - i : i;
    bytes.push_back(place < 4 ? static_cast<std::byte>(value >> (8 * place)) : std::byte{0});
  }
}
inline void append(Bytes& bytes, std::span<const std::byte> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}
inline Bytes joined(std::initializer_list<std::span<const std::byte>> parts) {
  Bytes bytes;
  for (const auto part : parts) append(bytes, part);
  return bytes;
}

/// A TIFF structure with one entry: the orientation.
inline Bytes exif_note(std::uint32_t orientation, bool big = false, std::uint32_t type = 3) {
  Bytes note(as_bytes(big ? "MM" : "II").begin(), as_bytes(big ? "MM" : "II").end());
  append(note, 42, 2, big);
  append(note, 8, 4, big);
  append(note, 1, 2, big);
  append(note, 0x0112, 2, big);
  append(note, type, 2, big);
  append(note, 1, 4, big);
  append(note, orientation, type == 3 ? 2 : 4, big);
  if (type == 3) append(note, 0, 2, big);
  append(note, 0, 4, big);
  return note;
}

/// A JPEG with a marker segment behind the start-of-image marker.
inline Bytes with_segment(const Bytes& jpeg, unsigned marker, std::span<const std::byte> payload) {
  Bytes made(jpeg.begin(), jpeg.begin() + 2);
  append(made, 0xFF00 | marker, 2, true);
  append(made, static_cast<std::uint32_t>(payload.size() + 2), 2, true);
  append(made, payload);
  append(made, std::span(jpeg).subspan(2));
  return made;
}

}  // namespace fovea
