#include "backend/registry/registry.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"

namespace fovea {
namespace {

TEST(Registry, FindsTheCpu) {
  EXPECT_EQ(backend_by_name("cpu").name(), "cpu");
  EXPECT_EQ(&backend_by_name("auto"), all_backends().front());
}

TEST(Registry, SaysWhatIsNotBuiltIn) {
  for (const char* device : {"cuda", "cuda:1", "tensorrt"}) {
    try {
      backend_by_name(device);
      FAIL() << device;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
      EXPECT_NE(error.message().find("built without"), std::string::npos);
    }
  }
  EXPECT_THROW(backend_by_name("tpu"), Error);
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
