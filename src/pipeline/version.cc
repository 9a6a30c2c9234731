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
    std::string state = "built in";
    try {
      backend_by_name(backend);
    } catch (const Error& error) {
      state = error.message();
    }
    text += fmt::format("{:<10} {}\n", std::string(backend) + ":", state);
  }
  text.pop_back();
  return text;
}

}  // namespace fovea
