#include "pipeline/version.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/parallel/parallel.h"
#include "train/api.h"

namespace fovea {
namespace {

std::string trainer() {
  try {
    return train::api().version();
  } catch (const Error& error) {
    return error.message();
  }
}

/// Whether a backend is there and runs here, else why not; what runs is not started for that.
std::string state_of(const char* name) {
  std::string state;
  try {
    const Backend& backend = backend_by_name(name);
    state = "built in";
    if (!backend.available()) backend.open(Isa::kBaseline, 0);
  } catch (const Error& error) {
    state += (state.empty() ? "" : "; ") + error.message();
  }
  return state;
}

}  // namespace

nlohmann::json environment() {
  const DeviceInfo info = backend_by_name("cpu").open(Isa::kAmx, 0)->info();
  return {{"cpu", info.description},
          {"isa", std::string(name(info.isa))},
          {"threads", default_threads()},
          {"libraries", info.libraries}};
}

std::string version_text() {
  std::string text = fmt::format("fovea {}\n", kVersion);
  const nlohmann::json here = environment();
  text += fmt::format("cpu:       {} ({}, {} threads)\n", here["cpu"].get<std::string>(),
                      here["isa"].get<std::string>(), here["threads"].get<int>());
  text += fmt::format("libraries: {}\n", fmt::join(here["libraries"].get<std::vector<std::string>>(), ", "));
  text += fmt::format("training:  {}\n", trainer());
  for (const char* backend : {"cuda", "tensorrt"}) {
    text += fmt::format("{:<10} {}\n", std::string(backend) + ":", state_of(backend));
  }
  text.pop_back();
  return text;
}

}  // namespace fovea
