#include "backend/api/device.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "backend/api/photo_decoder.h"
#include "base/error.h"
#include "base/log/clock.h"

namespace fovea {
namespace {

constexpr std::array<std::string_view, 6> kIsaNames = {"x86-64", "avx2", "avx512", "avx512_vnni", "avx512_bf16", "amx"};

/// A fingerprint is split at spaces, so names of libraries travel without them.
std::string without_spaces(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '-');
  return text;
}

/// "80,86,120+": capabilities, or any from one on.
bool is_listed(int capability, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view item = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    int wanted = 0;
    const auto [rest, error] = std::from_chars(item.data(), item.data() + item.size(), wanted);
    if (error != std::errc()) continue;
    const bool newer = std::string_view(rest, static_cast<std::size_t>(item.data() + item.size() - rest)) == "+";
    if (capability == wanted || (newer && capability > wanted)) return true;
  }
  return false;
}

/// Why this device does not have what one "key=value" of a fingerprint asks for; empty: it has.
std::string lacks(const DeviceInfo& here, std::string_view key, std::string_view value) {
  if (key == "backend")
    return value == here.backend ? "" : fmt::format("the backend {}, this is {}", value, here.backend);
  if (key == "isa") {
    if (isa_from_name(value) <= here.isa) return "";
    return fmt::format("the instruction set {}, this device has {}", value, name(here.isa));
  }
  if (key == "cc") {
    if (is_listed(here.compute_capability, value)) return "";
    return fmt::format("compute capability {}, this device has {}", value, here.compute_capability);
  }
  if (key == "lib") {
    const bool found = std::any_of(here.libraries.begin(), here.libraries.end(),
                                   [&](const std::string& library) { return without_spaces(library) == value; });
    return found ? "" : fmt::format("the library {}", value);
  }
  return fmt::format("'{}', which this version does not know", key);
}

}  // namespace

std::string_view name(Isa isa) { return kIsaNames.at(static_cast<std::size_t>(isa)); }

Isa isa_from_name(std::string_view name) {
  const auto* found = std::find(kIsaNames.begin(), kIsaNames.end(), name);
  require(found != kIsaNames.end(), ErrorKind::kInvalidArgument,
          "[isa] '{}' given, expected one of x86-64, avx2, avx512, avx512_vnni, avx512_bf16, amx", name);
  return static_cast<Isa>(found - kIsaNames.begin());
}

std::string DeviceInfo::fingerprint() const {
  std::string text = "backend=" + backend;
  if (compute_capability > 0) {
    text += fmt::format(" cc={}", compute_capability);
  } else {
    text += fmt::format(" isa={}", name(isa));
  }
  for (const std::string& library : libraries) text += " lib=" + without_spaces(library);
  return text;
}

std::string DeviceInfo::missing(std::string_view fingerprint) const {
  std::string found;
  while (!fingerprint.empty() && found.empty()) {
    const std::size_t end = std::min(fingerprint.find(' '), fingerprint.size());
    const std::string_view item = fingerprint.substr(0, end);
    fingerprint.remove_prefix(std::min(end + 1, fingerprint.size()));
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) return fmt::format("'{}', which this version does not know", item);
    try {
      found = lacks(*this, item.substr(0, equals), item.substr(equals + 1));
    } catch (const Error& error) {
      found = error.message();
    }
  }
  return found;
}

std::unique_ptr<Recording> Device::record(Stream&, const std::function<void()>&) { return nullptr; }

std::unique_ptr<PhotoDecoder> Device::make_photo_decoder(const PreprocessSpec&, const DecodeLimits&) { return nullptr; }

double Device::time(Stream& stream, const std::function<void()>& work) {
  stream.synchronize();
  const Stopwatch watch;
  work();
  stream.synchronize();
  return watch.seconds() * 1e6;
}

std::string DeviceInfo::tuning_key() const {
  return fmt::format("{} on={} l2={} llc={}", fingerprint(), without_spaces(description), l2_bytes,
                     last_level_cache_bytes);
}

}  // namespace fovea
