#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/cpu/onednn/recipe.h"

namespace fovea::onednn {

/// One of oneDNN's implementations of a recipe.
struct Implementation {
  std::string name;
  dnnl::primitive_desc_base description;
  dnnl::primitive primitive;  ///< generated code; empty until somebody wants to run it
};

/// What oneDNN offers for one view: the recipe, and its implementations in oneDNN's order, without references and
/// without those that are not exact, found as far as asked for. Thread-safe.
///
/// oneDNN's own cache of primitives must stay off (runtime.cc): a description found in it starts its list of
/// implementations anew, so that they could be neither counted nor named. Offers take its place: equal views share one,
/// from the first question to the running step.
class Offer {
 public:
  Offer(const Family& family, const NodeView& view);
  const std::string& reason() const { return recipe_.reason; }  ///< why there is none; empty: there is
  const Recipe& recipe() const { return recipe_; }              ///< its `primitive` stands anywhere in the list
  /// The `i`-th implementation; null past the last one. Stays where it is as long as the offer.
  Implementation* implementation(int i);
  Implementation* named(std::string_view name);
  /// The implementation's primitive, made at the first call.
  dnnl::primitive primitive(Implementation& implementation);

 private:
  Implementation* find(int i);

  Recipe recipe_;
  int threads_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Implementation>> found_;
  bool fresh_ = true, at_end_ = false;
};

/// The one offer for a family and a view (names aside). The last 2048 are kept.
std::shared_ptr<Offer> offer_for(const Family& family, const NodeView& view);

}  // namespace fovea::onednn
