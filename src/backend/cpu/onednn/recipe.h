#pragma once

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "backend/api/tactic.h"

namespace fovea::onednn {

/// A node as a oneDNN primitive: its description, and where each of its arguments comes from.
struct Recipe {
  struct Bound {  ///< an activation: input `index` or output `index` of the step
    int argument;
    bool output;
    std::size_t index;
    dnnl::memory::desc desc;
  };
  struct Constant {  ///< computed from weights when packed; `given` is how the family hands it over
    int argument;
    dnnl::memory::desc given;
    bool primitives_format = false;  ///< packed as the primitive wants it, else as given
  };
  struct Fixed {  ///< one number known from the view alone
    int argument;
    std::int32_t bits;
    dnnl::memory::data_type type;
  };
  dnnl::primitive_desc_base primitive;  ///< empty: `reason` says why
  std::string reason = {};
  std::vector<Bound> bound;
  std::vector<Constant> constants;
  std::vector<Fixed> fixed;
  bool integer_products = false;  ///< only implementations for VNNI and newer sum them exactly

  static Recipe no(std::string why);
  void input(int argument, const NodeView& view, std::size_t index);
  void output(int argument, const NodeView& view, std::size_t index);
  void zero_point(int argument, int value);  ///< of the primitive's argument `argument`
  void scale(int argument, float value);
};

/// Attributes that every primitive here has: scratch memory comes from the caller.
dnnl::primitive_attr attributes();

/// What a family of primitives defines. `describe` makes the recipe (throws nothing but bad_alloc and Error);
/// `values` computes the recipe's constants, in its order.
struct Family {
  Recipe (*describe)(const NodeView& view);
  std::vector<Tensor> (*values)(const NodeView& view, const Weights& weights);
};

/// The tactic's four functions for any family. The config's `impl` counts oneDNN's own implementations for this case,
/// without its references; packed weights name theirs, so that another machine finds the same one.
Support supports(const Family& family, const NodeView& view);
std::vector<Config> configs(const Family& family, const NodeView& view);
Bytes pack(const Family& family, const NodeView& view, const Config& config, const Weights& weights);
std::unique_ptr<Step> make(const Family& family, const NodeView& view, const Config& config,
                           std::span<const std::byte> packed);

template <const Family& family>
constexpr Tactic tactic(std::string_view name) {
  return {name, [](const NodeView& view, const DeviceInfo&) { return supports(family, view); },
          [](const NodeView& view, const DeviceInfo&) { return configs(family, view); },
          [](const NodeView& view, const Config& config, const Weights& weights) {
            return pack(family, view, config, weights);
          },
          [](const NodeView& view, const Config& config, std::span<const std::byte> packed, Device&) {
            return make(family, view, config, packed);
          }};
}

}  // namespace fovea::onednn
