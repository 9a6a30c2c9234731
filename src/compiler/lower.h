#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/layout_choice.h"
#include "engine/plan.h"

namespace fovea {

/// Packed weights of all plans, each content once.
class BlobStore {
 public:
  std::int32_t add(Bytes bytes);  ///< −1 for no bytes
  std::vector<Bytes> take() { return std::move(blobs_); }
  const Bytes& operator[](std::int32_t i) const { return blobs_[static_cast<std::size_t>(i)]; }

 private:
  std::vector<Bytes> blobs_;
  std::map<std::string, std::int32_t> by_content_;
};

/// The plan of a choice: reformats as identity nodes (shared by consumers with the same layout), steps in order, packed
/// weights in `blobs`, scratch sizes, places in memory.
Plan lower(const Graph& graph, const LayoutPlan& choice, CostTable& costs, BlobStore& blobs);

}  // namespace fovea
