#include "graph/name_index.h"

#include <fmt/format.h>

namespace fovea {

void NameIndex::add(std::string_view name, int id) { entries_[std::string(name)].id = id; }

int NameIndex::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? -1 : found->second.id;
}

std::string NameIndex::unique(std::string_view wish) const {
  const auto taken = entries_.find(wish);
  if (taken == entries_.end()) return std::string(wish);
  for (int suffix = taken->second.next_suffix;; ++suffix) {
    std::string name = fmt::format("{}_{}", wish, suffix);
    if (!entries_.contains(name)) return name;
  }
}

std::string NameIndex::claim(std::string_view wish, int id) {
  std::string name = unique(wish);
  if (name.size() != wish.size()) ++entries_.find(wish)->second.next_suffix;
  add(name, id);
  return name;
}

}  // namespace fovea
