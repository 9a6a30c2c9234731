#include "base/log/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <utility>

namespace fovea {
namespace {

std::mutex draw_mutex;
std::atomic<bool> bar_visible{false};

}  // namespace

Progress::Progress(std::string label, std::int64_t total, std::string unit)
    : label_(std::move(label)), unit_(std::move(unit)), total_(total), terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { hide_all(); }

void Progress::hide_all() {
  if (bar_visible.exchange(false)) {
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
  }
}

void Progress::advance(std::int64_t count) {
  const std::lock_guard lock(draw_mutex);
  done_ += count;
  if (!terminal_) return;
  const double now = watch_.seconds();
  if (now - drawn_at_ < 0.1 && done_ < total_) return;
  drawn_at_ = now;
  draw();
}

void Progress::note(std::string_view text) {
  const std::lock_guard lock(draw_mutex);
  note_ = text;
}

void Progress::draw() {
  constexpr int kWidth = 24;
  const double fraction = total_ > 0 ? std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_)) : 0.0;
  const double elapsed = std::max(watch_.seconds(), 1e-6);
  const double rate = static_cast<double>(done_) / elapsed;
  const auto left = static_cast<long>(rate > 0 ? static_cast<double>(total_ - done_) / rate : 0.0);
  const int filled = static_cast<int>(fraction * kWidth);
  fmt::print(stderr, "\r\x1b[K{} [{:#<{}}{:.>{}}] {}/{} {} {:.1f}/s, {}:{:02} left {}", label_, "", filled, "",
             kWidth - filled, done_, total_, unit_, rate, left / 60, left % 60, note_);
  std::fflush(stderr);
  bar_visible = true;
}

}  // namespace fovea
