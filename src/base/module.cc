#include "base/module.h"

#include <dlfcn.h>

#include <filesystem>

#include "base/error.h"

namespace fovea {
namespace fs = std::filesystem;

void* open_module(const std::string& name, const std::string& symbol, const std::string& what) {
  std::error_code code;
  const fs::path here = fs::read_symlink("/proc/self/exe", code).parent_path();
  const std::string file = fmt::format("libfovea_{}.so", name);
  for (const fs::path& folder : {here / "../lib", here}) {
    const fs::path path = folder / file;
    if (!fs::exists(path, code)) continue;
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    require(module != nullptr, ErrorKind::kDevice, "cannot load {}: {}", path.string(), module ? "" : ::dlerror());
    void* address = ::dlsym(module, symbol.c_str());
    require(address != nullptr, ErrorKind::kDevice, "{} has no symbol {}", path.string(), symbol);
    return address;
  }
  fail(ErrorKind::kUnsupported, "built without {} ({} is not beside the program)", what, file);
}

}  // namespace fovea
