#include "common.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io/file.h"
#include "base/json_text.h"
#include "base/parallel/parallel.h"

namespace fovea::apps {

namespace {

/// A full disk or a closed pipe must not pass for success.
void write_stdout(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  require(written, ErrorKind::kInvalidArgument, "standard output: {}", std::strerror(errno));
}

}  // namespace

void Common::declare(Arguments& arguments) {
  arguments.option("--threads", threads, "Threads to use (0: all that this process may use)").between(0, 1024);
  arguments.option("--json", json,
                   "Write the result as JSON to FILE (-: standard output, which then holds nothing else)");
}

void Common::apply() const {
  if (threads > 0) set_default_threads(threads);
}

void Common::say(const std::string& text) const {
  if (json_only()) return;
  write_stdout(text);
}

namespace {

template <typename Json>
void write_result(const Json& result, const std::string& where) {
  if (where.empty()) return;
  const std::string text = json_text(result, 2) + "\n";
  if (where == "-") {
    write_stdout(text);
  } else {
    write_atomic(where, text);
  }
}

}  // namespace

void Common::finish(const nlohmann::json& result) const { write_result(result, json); }
void Common::finish(const nlohmann::ordered_json& result) const { write_result(result, json); }

int exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kNotFound:
    case ErrorKind::kUnsupported:
    case ErrorKind::kCorruptFile:
      return 3;
    case ErrorKind::kWrongDevice:
      return 4;
    case ErrorKind::kGateFailed:
      return 5;
    case ErrorKind::kCancelled:
      return 130;
    case ErrorKind::kOutOfMemory:
    case ErrorKind::kDevice:
    case ErrorKind::kInternal:
      return 1;
  }
  return 1;
}

}  // namespace fovea::apps
