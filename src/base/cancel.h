#pragma once

namespace fovea {

/// Cooperative cancellation of the whole process (Ctrl-C). Async-signal-safe to request, thread-safe to read.
/// Long loops call throw_if_cancelled() about every 10–100 ms of work; files are written atomically, so nothing
/// half-done stays.
void request_cancel() noexcept;
bool cancelled() noexcept;
void throw_if_cancelled();  ///< Error{kCancelled}

/// SIGINT and SIGTERM request cancellation; a second signal ends the process at once with status 130.
void install_signal_handlers();

}  // namespace fovea
