#include "backend/registry/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"

namespace fovea {
namespace {

TEST(Registry, FindsTheCpu) {
  EXPECT_EQ(backend_by_name("cpu").name(), "cpu");
  const Backend& best = backend_by_name("auto");
  EXPECT_TRUE(best.available());
  for (const Backend* backend : all_backends()) {
    if (backend == &best) break;
    EXPECT_FALSE(backend->available()) << backend->name();
  }
}

TEST(Registry, SaysWhatIsNotBuiltIn) {
  for (const char* device : {"cuda", "cuda:1", "tensorrt"}) {
    const auto held = [&](const Backend* backend) { return std::string(device).starts_with(backend->name()); };
    if (std::ranges::any_of(all_backends(), held)) continue;
    try {
      backend_by_name(device);
      FAIL() << device;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kWrongDevice);
      EXPECT_NE(error.message().find("built without"), std::string::npos);
    }
  }
  EXPECT_THROW(backend_by_name("tpu"), Error);
}

TEST(Registry, ReadsTheIndexOfADevice) {
  EXPECT_EQ(device_index("cuda"), 0);
  EXPECT_EQ(device_index("cuda:3"), 3);
  for (const char* device : {"cuda:", "cuda:x", "cuda:-1", "cuda:1x"}) EXPECT_THROW(device_index(device), Error);
}

TEST(Registry, TacticsHaveNamesOfTheirOwn) {
  for (const Backend* backend : all_backends()) {
    std::set<std::string_view> names;
    for (const Tactic& tactic : backend->tactics()) {
      EXPECT_TRUE(names.insert(tactic.name).second) << tactic.name;
      EXPECT_EQ(find_tactic(*backend, tactic.name), &tactic);
    }
    EXPECT_EQ(find_tactic(*backend, "no such tactic"), nullptr);
  }
}

}  // namespace
}  // namespace fovea
