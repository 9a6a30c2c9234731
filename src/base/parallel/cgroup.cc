#include "base/parallel/cgroup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

namespace fovea {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();

/// Cores granted by one group's folder, of either version.
double quota_of(const std::filesystem::path& group) {
  std::string quota;
  double period = 0, micros = -1;
  if (std::ifstream v2(group / "cpu.max"); v2 >> quota >> period) {
    micros = quota == "max" ? -1 : std::strtod(quota.c_str(), nullptr);
  } else {
    std::ifstream(group / "cpu.cfs_quota_us") >> micros;
    std::ifstream(group / "cpu.cfs_period_us") >> period;
  }
  return micros > 0 && period > 0 ? micros / period : kNone;
}

/// Of `path` below `mount` and of every group above it. A container may not see its own group, but the mount's top.
double least_quota(const std::filesystem::path& mount, const std::string& path) {
  double least = quota_of(mount);
  std::filesystem::path group = mount;
  for (const std::filesystem::path& part : std::filesystem::path(path).relative_path()) {
    if (part == "..") break;
    group /= part;
    least = std::min(least, quota_of(group));
  }
  return least;
}

bool has_cpu(const std::string& controllers) { return ("," + controllers + ",").find(",cpu,") != std::string::npos; }

}  // namespace

int cgroup_threads(const std::filesystem::path& root) {
  const std::filesystem::path mounts = root / "sys/fs/cgroup";
  double least = kNone;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // ID:CONTROLLERS:PATH, no controllers in version 2
    const std::size_t first = line.find(':'), second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers.empty())
      for (const char* mount : {".", "unified"}) least = std::min(least, least_quota(mounts / mount, path));
    else if (has_cpu(controllers))
      for (const std::string& mount : {std::string("cpu"), controllers})
        least = std::min(least, least_quota(mounts / mount, path));
  }
  return std::isinf(least) ? 0 : std::max(1, static_cast<int>(std::ceil(least)));
}

}  // namespace fovea
