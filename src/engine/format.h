#pragma once

#include <array>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/io/file.h"

namespace fovea::engine_format {

/// docs/ENGINE_FORMAT.md. Everything is little-endian.
inline constexpr std::string_view kMagic = "FOVEAENG";
inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::size_t kHeaderBytes = 32;
inline constexpr std::size_t kSectionBytes = 24;
inline constexpr std::size_t kMaxSections = 32;
inline constexpr std::size_t kAlignment = 64;

/// Four letters, the first in the lowest byte.
constexpr std::uint32_t four(const char (&text)[5]) {
  std::uint32_t code = 0;
  for (int i = 3; i >= 0; --i) code = code << 8 | static_cast<unsigned char>(text[i]);
  return code;
}

struct SectionKind {
  std::uint32_t id;
  std::string_view name;
  bool required;
};
inline constexpr std::uint32_t kDevice = four("DEVC"), kPreprocess = four("PREP"), kLabels = four("LABL"),
                               kSplit = four("SPLT"), kClassMap = four("CMAP"), kReport = four("REPT"),
                               kPlans = four("PLAN"), kWeights = four("WGHT"), kCompiled = four("COMP"),
                               kModel = four("MODL");
/// In the order in which they stand in a file: what `load_engine_info` reads comes first.
inline constexpr std::array<SectionKind, 10> kSections = {{{kDevice, "device", true},
                                                           {kPreprocess, "preprocess", true},
                                                           {kLabels, "labels", true},
                                                           {kSplit, "split", false},
                                                           {kClassMap, "class map", false},
                                                           {kReport, "report", false},
                                                           {kPlans, "plans", true},
                                                           {kWeights, "weights", true},
                                                           {kCompiled, "compiled", false},
                                                           {kModel, "model", false}}};

constexpr std::uint64_t align_up(std::uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Reads a section front to back; every count is checked against the bytes that are left. kCorruptFile.
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string_view where) : bytes_(bytes), where_(where) {}

  template <typename T>
  T number() {
    const std::span<const std::byte> raw = take(sizeof(T));
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(raw[i]);
    return static_cast<T>(value);
  }
  double real();
  std::string text();  ///< a 32-bit length and that many bytes
  /// A 32-bit count of records of at least `least_bytes` each.
  std::size_t count(std::size_t least_bytes);
  std::span<const std::byte> take(std::uint64_t bytes);
  void finish() const;  ///< nothing may be left

 private:
  std::span<const std::byte> bytes_;
  std::string_view where_;
};

class ByteWriter {
 public:
  template <typename T>
  void number(T value) {
    std::array<std::byte, sizeof(T)> raw_bytes;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      raw_bytes[i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i));
    raw(raw_bytes);
  }
  void real(double value);
  void text(std::string_view text);
  void count(std::size_t n);
  void raw(std::span<const std::byte> bytes);
  void pad() { out_.resize(align_up(out_.size())); }
  std::size_t size() const { return out_.size(); }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

/// Whatever a rule of another room has against a file's contents becomes kCorruptFile.
template <typename Read>
auto read_or_corrupt(std::string_view where, const Read& read) -> decltype(read()) {
  try {
    return read();
  } catch (const Error& error) {
    const bool keep = error.kind() == ErrorKind::kUnsupported || error.kind() == ErrorKind::kWrongDevice ||
                      error.kind() == ErrorKind::kCancelled || error.kind() == ErrorKind::kOutOfMemory ||
                      error.kind() == ErrorKind::kDevice;  // no fault of the file
    const bool told = error.kind() == ErrorKind::kCorruptFile && error.message().starts_with("[engine]");
    if (keep || told) throw;
    fail(ErrorKind::kCorruptFile, "[engine] {}: {}", where, error.message());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    fail(ErrorKind::kCorruptFile, "[engine] {}: {}", where, error.what());
  }
}

}  // namespace fovea::engine_format
