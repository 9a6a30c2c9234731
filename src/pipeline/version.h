#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fovea {

inline constexpr const char* kVersion = "0.1.0";

/// The machine and the libraries, for reports and `--version`: {cpu, isa, threads, libraries}; isa is what this process
/// may use.
nlohmann::json environment();
std::string version_text();

}  // namespace fovea
