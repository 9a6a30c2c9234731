#include "testing/environment.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace fovea {
namespace {

constexpr const char* kIsa = "FOVEA_TEST_ISA";

}  // namespace

bool full_tests() { return std::getenv("FOVEA_TEST_FULL") != nullptr; }
bool isa_is_limited() { return std::getenv(kIsa) != nullptr; }
Isa isa_limit() { return isa_is_limited() ? isa_from_name(std::getenv(kIsa)) : Isa::kAmx; }

int run_limited(std::string_view isa, std::string_view filter) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  return std::system(
      fmt::format("OMP_WAIT_POLICY=passive {}={} '{}' --gtest_filter='{}' --gtest_brief=1", kIsa, isa, self, filter)
          .c_str());
}

}  // namespace fovea
