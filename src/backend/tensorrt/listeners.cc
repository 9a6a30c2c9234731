#include "backend/tensorrt/listeners.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/cancel.h"
#include "base/log/log.h"

namespace fovea::tensorrt {

// Nothing may be thrown into TensorRT: what can't be kept for want of memory is dropped.
void Log::log(Severity severity, const char* text) noexcept try {
  const std::scoped_lock lock(mutex_);
  const std::string_view line = text;
  if (severity <= Severity::kERROR)
    errors_.emplace_back(line);
  else if (severity == Severity::kWARNING)
    warnings_.emplace_back(line);
  else if (line.find("LayerType: ") != std::string_view::npos)
    add_layers(line);
} catch (...) {
}

/// One message holds them all, a line each.
void Log::add_layers(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (lines.substr(0, end).find("LayerType: ") != std::string_view::npos) layers_.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

std::vector<std::string> Log::warnings() const {
  const std::scoped_lock lock(mutex_);
  return warnings_;
}

std::vector<std::string> Log::layers() const {
  const std::scoped_lock lock(mutex_);
  return layers_;
}

std::string Log::errors() const {
  const std::scoped_lock lock(mutex_);
  std::string line = fmt::format("{}", fmt::join(errors_, "; "));
  for (char& c : line)
    if (c == '\n') c = ' ';
  return line.empty() ? "it gives no reason" : line;
}

void Monitor::phaseStart(const char* phase, const char* parent, std::int32_t steps) noexcept try {
  log_debug("tensorrt: {} ({} steps)", phase, steps);
  const std::scoped_lock lock(mutex_);
  if (bar_) {
    bar_->note(phase);
  } else if (parent == nullptr) {
    outermost_ = phase;
    bar_.emplace(fmt::format("tensorrt: {}", phase), steps, "steps");
  }
} catch (...) {
}

bool Monitor::stepComplete(const char* phase, std::int32_t) noexcept try {
  const std::scoped_lock lock(mutex_);
  if (bar_ && outermost_ == phase) bar_->advance();
  return !cancelled();
} catch (...) {
  return !cancelled();
}

void Monitor::phaseFinish(const char* phase) noexcept try {
  const std::scoped_lock lock(mutex_);
  if (bar_ && outermost_ == phase) bar_.reset();
} catch (...) {
}

}  // namespace fovea::tensorrt
