#include "base/cancel.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "base/error.h"

namespace fovea {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int) {
  if (requested.exchange(true)) _exit(130);
}

}  // namespace

void request_cancel() noexcept { requested.store(true); }

bool cancelled() noexcept { return requested.load(std::memory_order_relaxed); }

void throw_if_cancelled() {
  if (cancelled()) throw Error(ErrorKind::kCancelled, "interrupted");
}

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace fovea
