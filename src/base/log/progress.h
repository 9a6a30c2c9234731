#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/log/clock.h"

namespace fovea {

/// A bar on standard error with rate and time left, only where that is a terminal (nothing otherwise), at most 10
/// redraws a second. `unit` is the plural of what is counted ("images"). One bar at a time; advance() is thread-safe.
class Progress {
 public:
  Progress(std::string label, std::int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void advance(std::int64_t count = 1);
  void note(std::string_view text);  ///< shown behind the bar, e.g. the running loss

  static void hide_all();  ///< clears the bar's line, so that a log line can stand there

 private:
  void draw();
  std::string label_;
  std::string unit_;
  std::string note_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  double drawn_at_ = -1;
  bool terminal_;
  Stopwatch watch_;
};

}  // namespace fovea
