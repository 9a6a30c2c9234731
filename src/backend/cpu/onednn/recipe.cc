#include "backend/cpu/onednn/recipe.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "backend/cpu/blob.h"
#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/onednn/primitive_step.h"
#include "backend/cpu/onednn/runtime.h"
#include "base/error.h"

namespace fovea::onednn {
namespace {

constexpr int kMostImplementations = 3;

/// Sums of u8 · s8 are exact in implementations that name VNNI or AMX, and in the gemm, which picks its own kernel; the
/// others add pairs in 16 bits, which saturates.
bool exact_in_int8(std::string_view name) {
  constexpr std::array<std::string_view, 3> kExact = {"vnni", "amx", "x64:gemm"};
  return std::any_of(kExact.begin(), kExact.end(), [&](std::string_view part) { return name.find(part) != name.npos; });
}

bool acceptable(const Recipe& recipe) {
  const std::string_view name = recipe.primitive.impl_info_str();
  return !name.starts_with("ref") && (!recipe.integer_products || exact_in_int8(name));
}

/// Once a primitive of this kind stands in its cache, oneDNN 3.2 starts over after the last implementation: `first`
/// seen again is the end.
bool next(dnnl::primitive_desc_base& primitive, std::string_view first) {
  return dnnl_primitive_desc_next_impl(primitive.get()) == dnnl_success && first != primitive.impl_info_str();
}

/// Moves to the `wanted`-th implementation that is no reference.
bool select(Recipe& recipe, int wanted) {
  const std::string first = recipe.primitive.impl_info_str();
  do {
    if (acceptable(recipe) && wanted-- == 0) return true;
  } while (next(recipe.primitive, first));
  return false;
}

/// An implementation and the format of what is packed for it, as text.
std::string key_of(const Recipe& recipe) {
  std::string key = recipe.primitive.impl_info_str();
  for (const Recipe::Constant& constant : recipe.constants) {
    key += '|';
    key += text(constant.primitives_format ? recipe.primitive.query_md(dnnl::query::exec_arg_md, constant.argument)
                                           : constant.given);
  }
  return key;
}

/// oneDNN's words for "no" are error codes; a family's own refusals are Errors. Both become a reason here.
Recipe described(const Family& family, const NodeView& view) {
  const ThreadScope threads(view.threads);
  try {
    Recipe recipe = family.describe(view);
    if (recipe.primitive.get(true) == nullptr && recipe.reason.empty())
      recipe.reason = "oneDNN does not offer this case";
    return recipe;
  } catch (const dnnl::error& error) {
    require(error.status != dnnl_out_of_memory, ErrorKind::kOutOfMemory, "[{}] oneDNN is out of memory", view.name);
    return Recipe::no(fmt::format("oneDNN says: {}", error.message));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kOutOfMemory) throw;
    return Recipe::no(error.message());
  }
}

Recipe described_or_fail(const Family& family, const NodeView& view) {
  Recipe recipe = described(family, view);
  require(recipe.reason.empty(), ErrorKind::kUnsupported, "[{}] {}", view.name, recipe.reason);
  return recipe;
}

/// `constant` given as a tensor → its bytes in the packed format.
void put(cpu::BlobWriter& blob, const Recipe& recipe, const Recipe::Constant& constant, const Tensor& value) {
  const std::size_t given_bytes = constant.given.get_size();
  require(value.byte_size() == given_bytes, ErrorKind::kInternal, "[onednn] a constant has {} bytes, expected {}",
          value.byte_size(), given_bytes);
  if (!constant.primitives_format) return blob.add(value.bytes());
  const dnnl::memory::desc wanted = recipe.primitive.query_md(dnnl::query::exec_arg_md, constant.argument);
  const auto room = blob.add(wanted.get_size());
  dnnl::memory from(constant.given, engine(), const_cast<std::byte*>(value.bytes().data()));
  dnnl::memory to(wanted, engine(), room.data());
  dnnl::stream stream(engine());
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
}

}  // namespace

Recipe Recipe::no(std::string why) {
  Recipe recipe;
  recipe.reason = std::move(why);
  return recipe;
}

void Recipe::input(int argument, const NodeView& view, std::size_t index) {
  bound.push_back({argument, false, index, desc(view.inputs[index])});
}

void Recipe::output(int argument, const NodeView& view, std::size_t index) {
  bound.push_back({argument, true, index, desc(view.outputs[index])});
}

void Recipe::zero_point(int argument, int value) {
  fixed.push_back({DNNL_ARG_ATTR_ZERO_POINTS | argument, value, dnnl::memory::data_type::s32});
}

void Recipe::scale(int argument, float value) {
  fixed.push_back({DNNL_ARG_ATTR_SCALES | argument, std::bit_cast<std::int32_t>(value), dnnl::memory::data_type::f32});
}

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

Support supports(const Family& family, const NodeView& view) {
  Recipe recipe = described(family, view);
  if (!recipe.reason.empty()) return Support::no(recipe.reason);
  if (!select(recipe, 0)) return Support::no("oneDNN offers nothing fast and exact here");
  return Support::yes();
}

std::vector<Config> configs(const Family& family, const NodeView& view) {
  Recipe recipe = described_or_fail(family, view);
  const ThreadScope threads(view.threads);
  const std::string first = recipe.primitive.impl_info_str();
  std::vector<Config> found;
  do {
    if (!acceptable(recipe)) continue;
    found.push_back({{{"impl", static_cast<int>(found.size())}}});
  } while (std::ssize(found) < kMostImplementations && next(recipe.primitive, first));
  return found;
}

Bytes pack(const Family& family, const NodeView& view, const Config& config, const Weights& weights) {
  Recipe recipe = described_or_fail(family, view);
  const ThreadScope threads(view.threads);
  const int wanted = config.get("impl", 0);
  require(select(recipe, wanted), ErrorKind::kUnsupported, "[{}] oneDNN has no implementation {} here", view.name,
          wanted);
  const std::vector<Tensor> values = family.values != nullptr ? family.values(view, weights) : std::vector<Tensor>();
  require(values.size() == recipe.constants.size(), ErrorKind::kInternal, "[{}] {} constants, expected {}", view.name,
          values.size(), recipe.constants.size());
  return guarded("pack", [&] {
    cpu::BlobWriter blob(key_of(recipe));
    for (std::size_t i = 0; i < values.size(); ++i) put(blob, recipe, recipe.constants[i], values[i]);
    return blob.finish();
  });
}

std::unique_ptr<Step> make(const Family& family, const NodeView& view, const Config&,
                           std::span<const std::byte> packed) {
  Recipe recipe = described_or_fail(family, view);
  const ThreadScope threads(view.threads);
  const cpu::BlobReader blob(packed, view.name);
  const std::string_view implementation = blob.key().substr(0, blob.key().find('|'));
  const std::string first = recipe.primitive.impl_info_str();
  while (recipe.primitive.impl_info_str() != implementation) {
    require(next(recipe.primitive, first), ErrorKind::kCorruptFile,
            "[{}] packed for oneDNN's {}, which is not offered here", view.name, implementation);
  }
  require(key_of(recipe) == blob.key(), ErrorKind::kCorruptFile,
          "[{}] packed weights have another format than {} wants", view.name, implementation);
  return guarded("make", [&] { return make_primitive_step(recipe, blob); });
}

}  // namespace fovea::onednn
