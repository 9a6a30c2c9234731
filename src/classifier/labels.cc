#include <fmt/format.h>

#include <map>
#include <set>

#include "classifier/classifier.h"

namespace fovea {

std::vector<std::string> unique_labels(const std::vector<std::string>& labels, int classes) {
  constexpr int kListedInFull = 10;
  std::vector<std::string> all = labels;
  for (int k = static_cast<int>(all.size()); k < classes; ++k) all.push_back(fmt::format("class {}", k));
  std::map<std::string, int> count;
  for (const std::string& label : all) ++count[label];
  if (classes > kListedInFull) count["rest"] += 1;  // the name of what a short list leaves out
  std::set<std::string> taken;
  for (const auto& [label, times] : count)
    if (times == 1) taken.insert(label);
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (count[all[k]] == 1) continue;
    const std::string label = all[k];
    do all[k] += fmt::format(" ({})", k);
    while (!taken.insert(all[k]).second);
  }
  return all;
}

}  // namespace fovea
