#include "backend/cpu/onednn/recipe.h"

#include <bit>
#include <cstring>

#include "backend/cpu/blob.h"
#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/onednn/offer.h"
#include "backend/cpu/onednn/primitive_step.h"
#include "backend/cpu/onednn/runtime.h"
#include "base/error.h"

namespace fovea::onednn {
namespace {

constexpr int kMostImplementations = 8;

/// An implementation and the format of what is packed for it, as text.
std::string key_of(const Recipe& recipe, const Implementation& chosen) {
  std::string key = chosen.name;
  for (const Recipe::Constant& constant : recipe.constants) {
    key += '|';
    key += text(constant.primitives_format ? chosen.description.query_md(dnnl::query::exec_arg_md, constant.argument)
                                           : constant.given);
  }
  return key;
}

std::shared_ptr<Offer> offer_or_fail(const Family& family, const NodeView& view) {
  std::shared_ptr<Offer> offer = offer_for(family, view);
  require(offer->reason().empty(), ErrorKind::kUnsupported, "[{}] {}", view.name, offer->reason());
  return offer;
}

/// `constant` given as a tensor → its bytes in the packed format.
void put(cpu::BlobWriter& blob, const Implementation& chosen, const Recipe::Constant& constant, const Tensor& value) {
  const std::size_t given_bytes = constant.given.get_size();
  require(value.byte_size() == given_bytes, ErrorKind::kInternal, "[onednn] a constant has {} bytes, expected {}",
          value.byte_size(), given_bytes);
  if (!constant.primitives_format) return blob.add(value.bytes());
  const dnnl::memory::desc wanted = chosen.description.query_md(dnnl::query::exec_arg_md, constant.argument);
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
  const std::shared_ptr<Offer> offer = offer_for(family, view);
  if (!offer->reason().empty()) return Support::no(offer->reason());
  if (offer->implementation(0) == nullptr) return Support::no("oneDNN offers nothing fast and exact here");
  return Support::yes();
}

std::vector<Config> configs(const Family& family, const NodeView& view) {
  const std::shared_ptr<Offer> offer = offer_or_fail(family, view);
  std::vector<Config> found;
  for (int i = 0; i < kMostImplementations && offer->implementation(i) != nullptr; ++i)
    found.push_back({{{"impl", i}}});
  return found;
}

Bytes pack(const Family& family, const NodeView& view, const Config& config, const Weights& weights) {
  const std::shared_ptr<Offer> offer = offer_or_fail(family, view);
  const ThreadScope threads(view.threads);
  const int wanted = config.get("impl", 0);
  const Implementation* chosen = wanted < 0 ? nullptr : offer->implementation(wanted);
  require(chosen != nullptr, ErrorKind::kUnsupported, "[{}] oneDNN has no implementation {} here", view.name, wanted);
  const std::vector<Recipe::Constant>& constants = offer->recipe().constants;
  const std::vector<Tensor> values = family.values != nullptr ? family.values(view, weights) : std::vector<Tensor>();
  require(values.size() == constants.size(), ErrorKind::kInternal, "[{}] {} constants, expected {}", view.name,
          values.size(), constants.size());
  return guarded("pack", [&] {
    cpu::BlobWriter blob(key_of(offer->recipe(), *chosen));
    for (std::size_t i = 0; i < values.size(); ++i) put(blob, *chosen, constants[i], values[i]);
    return blob.finish();
  });
}

std::unique_ptr<Step> make(const Family& family, const NodeView& view, const Config&,
                           std::span<const std::byte> packed) {
  const std::shared_ptr<Offer> offer = offer_or_fail(family, view);
  const ThreadScope threads(view.threads);
  const cpu::BlobReader blob(packed, view.name);
  const std::string_view implementation = blob.key().substr(0, blob.key().find('|'));
  Implementation* chosen = offer->named(implementation);
  require(chosen != nullptr, ErrorKind::kCorruptFile, "[{}] packed for oneDNN's {}, which is not offered here",
          view.name, implementation);
  require(key_of(offer->recipe(), *chosen) == blob.key(), ErrorKind::kCorruptFile,
          "[{}] packed weights have another format than {} wants", view.name, implementation);
  return guarded("make", [&] { return make_primitive_step(offer, *chosen, blob); });
}

}  // namespace fovea::onednn
