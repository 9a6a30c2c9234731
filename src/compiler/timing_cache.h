#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace fovea {

/// Measured microseconds by key: op, attributes, shapes, types, layouts, threads, device and library version, tactic,
/// config. A readable, mergeable text file, one line per entry, sorted. Not thread-safe.
class TimingCache {
 public:
  TimingCache() = default;
  /// kNotFound never: a missing file is an empty cache. kCorruptFile with the line's number.
  static TimingCache load(const std::filesystem::path& path);
  /// Of an entry that stands there twice the first counts, so that files merge by putting them one behind the other.
  static TimingCache parse(std::string_view text);
  std::string text() const;
  /// Merges with what stands there, atomically; programs that save at the same time take turns, so that nothing is
  /// lost.
  void save(const std::filesystem::path& path) const;
  std::optional<double> find(const std::string& key) const;
  void put(const std::string& key, double microseconds);
  std::size_t size() const { return entries_.size(); }
  int misses = 0;  ///< counted by who times

 private:
  std::map<std::string, double> entries_;
};

}  // namespace fovea
