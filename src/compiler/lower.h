#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/layout_choice.h"
#include "engine/plan.h"

namespace fovea {

/// What plans share: packed weights, each content once, and what libraries compiled, by key.
class BlobStore {
 public:
  std::int32_t add(Bytes bytes);  ///< −1 for no bytes
  std::vector<Bytes> take() { return std::move(blobs_); }
  void keep(std::optional<Compiled> compiled);
  std::vector<Compiled> take_compiled();
  const Bytes& operator[](std::int32_t i) const { return blobs_[static_cast<std::size_t>(i)]; }

 private:
  std::vector<Bytes> blobs_;
  std::map<std::string, std::int32_t> by_content_;
  std::map<std::string, Bytes> compiled_;
};

/// The plan of a choice: reformats as identity nodes (shared by consumers with the same layout), steps in order, packed
/// weights in `blobs`, scratch sizes, places in memory.
Plan lower(const Graph& graph, const LayoutPlan& choice, CostTable& costs, BlobStore& blobs);

}  // namespace fovea
