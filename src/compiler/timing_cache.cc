#include "compiler/timing_cache.h"

#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/io/file.h"
#include "base/io/folder_lock.h"

namespace fovea {
namespace {

constexpr std::string_view kHeader = "fovea timing cache 1";

/// "12.345 key": the key is the rest of the line.
std::pair<std::string, double> parse_line(std::string_view line, int number) {
  const std::size_t space = line.find(' ');
  double microseconds = -1;
  const char* end = line.data() + (space == std::string_view::npos ? 0 : space);
  const auto [stop, error] = std::from_chars(line.data(), end, microseconds);
  const bool good = error == std::errc() && stop == end && std::isfinite(microseconds) && microseconds >= 0 &&
                    space + 1 < line.size();
  require(good, ErrorKind::kCorruptFile, "[timing cache] line {}: '{:.60}', expected MICROSECONDS KEY", number, line);
  return {std::string(line.substr(space + 1)), microseconds};
}

}  // namespace

TimingCache TimingCache::load(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return {};
  return parse(read_text(path));
}

TimingCache TimingCache::parse(std::string_view text) {
  TimingCache cache;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (number == 1) {
      require(line == kHeader, ErrorKind::kCorruptFile, "[timing cache] line 1: '{:.60}', expected '{}'", line,
              kHeader);
    } else if (!line.empty() && line != kHeader) {  // files may be put one behind the other
      cache.entries_.insert(parse_line(line, number));
    }
  }
  return cache;
}

std::string TimingCache::text() const {
  std::string text = std::string(kHeader) + "\n";
  for (const auto& [key, microseconds] : entries_) text += fmt::format("{:.3f} {}\n", microseconds, key);
  return text;
}

void TimingCache::save(const std::filesystem::path& path) const {
  const FolderLock lock(path);
  TimingCache merged = load(path);
  for (const auto& [key, microseconds] : entries_) merged.entries_[key] = microseconds;
  write_atomic(path, merged.text());
}

std::optional<double> TimingCache::find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

void TimingCache::put(const std::string& key, double microseconds) {
  require(key.find('\n') == std::string::npos && !key.empty(), ErrorKind::kInternal, "[timing cache] key '{}'", key);
  // As it will be read back, so that a plan made now equals one made from the file.
  entries_[key] = std::round(microseconds * 1000) / 1000;
}

}  // namespace fovea
