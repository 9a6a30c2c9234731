#include "base/parallel/cgroup.h"

#include <gtest/gtest.h>

#include "base/io/file.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

class Cgroup : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = folder_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    write_atomic(path, text);
  }
  TempDir folder_;
};

TEST_F(Cgroup, WithoutOneThereIsNoQuota) { EXPECT_EQ(cgroup_threads(folder_.path()), 0); }

TEST_F(Cgroup, TakesTheLeastQuotaOfAllGroupsAbove) {
  write("proc/self/cgroup", "0::/machine/service\n");
  write("sys/fs/cgroup/machine/service/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_threads(folder_.path()), 0);
  write("sys/fs/cgroup/machine/cpu.max", "250000 100000\n");
  EXPECT_EQ(cgroup_threads(folder_.path()), 3);
  write("sys/fs/cgroup/machine/service/cpu.max", "50000 100000\n");
  EXPECT_EQ(cgroup_threads(folder_.path()), 1);
}

TEST_F(Cgroup, KnowsVersionOneAndMountsThatShowTheGroupItself) {
  write("proc/self/cgroup", "12:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n0::/../2\n");
  write("sys/fs/cgroup/memory/docker/1/cpu.cfs_quota_us", "100000\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "400000\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_threads(folder_.path()), 4);
  write("sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_threads(folder_.path()), 4);
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(cgroup_threads(folder_.path()), 2);
}

TEST_F(Cgroup, DamagedFilesAreNoQuota) {
  write("proc/self/cgroup", "nonsense\n0:\n0::/a\n");
  write("sys/fs/cgroup/a/cpu.max", "many 0\n");
  EXPECT_EQ(cgroup_threads(folder_.path()), 0);
}

}  // namespace
}  // namespace fovea
