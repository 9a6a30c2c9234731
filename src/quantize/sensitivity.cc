#include "quantize/sensitivity.h"

#include <algorithm>

#include "base/log/log.h"
#include "base/log/progress.h"

namespace fovea {
namespace {

using Names = std::vector<std::string>;

class Measurer {
 public:
  Measurer(const Graph& base, const Int8Recipe& recipe, const std::set<std::string>& keep, const OptimizeTarget& target,
           const Divergence& images)
      : base_(base), recipe_(recipe), keep_(keep), target_(target), images_(images) {
    for (const Node& node : recipe.base.nodes())
      if (is_quantizable(recipe.base, node) && !keep.contains(node.name)) nodes_.push_back(node.name);
    const double work = static_cast<double>(macs(base)) * 2 * kGroups;
    count_ = static_cast<std::size_t>(std::clamp(kMacs / std::max(1.0, work), 4.0, 32.0));
  }

  std::map<std::string, double> run() {
    const std::vector<Names> groups = grouped();
    Progress progress("sensitivity", static_cast<std::int64_t>(groups.size()), "groups");
    std::vector<double> found;
    double sum = 0;
    for (const Names& group : groups) {
      found.push_back(std::max(0.0, with_only(group)));
      sum += found.back();
      progress.advance();
    }
    std::map<std::string, double> by_node;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const bool split = groups[g].size() > 1 && found[g] * static_cast<double>(groups.size()) >= sum;
      for (const std::string& node : groups[g])
        by_node[node] = split ? std::max(0.0, with_only({node})) : found[g] / static_cast<double>(groups[g].size());
    }
    return by_node;
  }

 private:
  std::vector<Names> grouped() const {
    const std::size_t size = (nodes_.size() + kGroups - 1) / kGroups;
    std::vector<Names> groups;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (i % size == 0) groups.emplace_back();
      groups.back().push_back(nodes_[i]);
    }
    return groups;
  }

  double with_only(const Names& lowered) const {
    PrecisionPlan plan{Precision::kInt8, Precision::kFp32, {}, keep_};
    for (const std::string& node : nodes_)
      if (std::ranges::find(lowered, node) == lowered.end()) plan.widened[node] = "";
    return images_.of(quick_executor(lower_to(base_, plan, recipe_, target_.context).graph, target_), count_);
  }

  const Graph& base_;
  const Int8Recipe& recipe_;
  const std::set<std::string>& keep_;
  const OptimizeTarget& target_;
  const Divergence& images_;
  Names nodes_;
  std::size_t count_ = 4;
};

}  // namespace

std::map<std::string, double> measure_sensitivity(const Graph& base, const Int8Recipe& recipe,
                                                  const std::set<std::string>& keep, const OptimizeTarget& target,
                                                  const Divergence& images) {
  return Measurer(base, recipe, keep, target, images).run();
}

}  // namespace fovea
