#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "arguments.h"
#include "base/error.h"

namespace fovea::apps {

/// What every subcommand takes: --threads N and --json FILE.
struct Common {
  int threads = 0;
  std::string json;

  void declare(Arguments& arguments);
  void apply() const;  ///< threads become the default
  bool json_only() const { return json == "-"; }
  /// Prints to standard output for people, unless that belongs to the JSON.
  void say(const std::string& text) const;
  /// Writes the result where --json wants it.
  void finish(const nlohmann::json& result) const;
  void finish(const nlohmann::ordered_json& result) const;  ///< keys keep their order
};

/// 0 done, 1 internal or device, 2 usage, 3 bad input, 4 wrong device, 5 gate failed, 130 interrupted.
int exit_status(ErrorKind kind);

}  // namespace fovea::apps
