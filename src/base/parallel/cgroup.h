#pragma once

#include <filesystem>

namespace fovea {

/// Cores that the cgroups of this process grant it, rounded up: the least quota of its own group and of those above
/// (v2 `cpu.max`, v1 `cpu.cfs_quota_us` over `cpu.cfs_period_us`; cgroups(7) and the kernel's admin-guide/cgroup-v2).
/// 0: no quota. `root` is where `proc` and `sys` lie.
int cgroup_threads(const std::filesystem::path& root = "/");

}  // namespace fovea
