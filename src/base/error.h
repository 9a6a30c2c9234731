#pragma once

#include <fmt/format.h>

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace fovea {

/// Who is at fault and what a caller can do about it; the CLI maps kinds to exit codes, the server to statuses.
enum class ErrorKind {
  kInvalidArgument,
  kNotFound,
  kUnsupported,
  kCorruptFile,
  kWrongDevice,
  kOutOfMemory,
  kDevice,
  kCancelled,
  kGateFailed,
  kInternal,
  kUsage,  ///< a command line that says too little or contradicts itself
};

std::string_view name(ErrorKind kind);

/// The one exception type. `message` is one line: `[where] what was given and what was expected`.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}
  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorKind kind_;
  std::string message_;
};

template <typename... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void require(bool condition, ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fovea
