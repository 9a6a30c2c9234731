#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace fovea {

/// Names in use and who bears them, so that finding a free name costs no search through the graph.
class NameIndex {
 public:
  void add(std::string_view name, int id);
  int find(std::string_view name) const;  ///< −1 when it is free
  /// `wish`, or the first of "wish_1", "wish_2", … that is free.
  std::string unique(std::string_view wish) const;
  /// unique(), taken for `id`.
  std::string claim(std::string_view wish, int id);
  std::size_t size() const { return entries_.size(); }
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    int id = -1;
    int next_suffix = 1;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
};

}  // namespace fovea
