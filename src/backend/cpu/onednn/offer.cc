#include "backend/cpu/onednn/offer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <list>
#include <unordered_map>

#include "backend/cpu/onednn/runtime.h"
#include "base/error.h"
#include "graph/text.h"

namespace fovea::onednn {
namespace {

constexpr std::size_t kMostOffers = 2048;

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

dnnl::primitive_desc_base copy_of(const dnnl::primitive_desc_base& description) {
  dnnl_primitive_desc_t copy = nullptr;
  const dnnl_status_t status = dnnl_primitive_desc_clone(&copy, description.get());
  require(status == dnnl_success, ErrorKind::kOutOfMemory, "[onednn] a description could not be copied (status {})",
          static_cast<int>(status));
  dnnl::primitive_desc_base made;
  made.reset(copy);
  return made;
}

std::string operand_key(const OperandView& operand) {
  if (!operand.present) return " -";
  std::string key = fmt::format(" {}:{}:{}:{}", static_cast<int>(operand.dtype), operand.shape.str(),
                                static_cast<int>(operand.layout), operand.constant);
  if (operand.quant)
    key += fmt::format(":{}:{}:{}", operand.quant->axis, fmt::join(operand.quant->scale, ","),
                       fmt::join(operand.quant->zero_point, ","));
  return key;
}

/// Everything that a family may look at.
std::string key_of(const Family& family, const NodeView& view) {
  std::string key = fmt::format("{} {} {} {}", static_cast<const void*>(&family), name(view.op),
                                print_attributes(view.op), view.threads);
  for (const OperandView& input : view.inputs) key += operand_key(input);
  key += " ->";
  for (const OperandView& output : view.outputs) key += operand_key(output);
  return key;
}

/// Least recently used ones go first.
class Store {
 public:
  std::shared_ptr<Offer> get(const Family& family, const NodeView& view) {
    const std::string key = key_of(family, view);
    {
      const std::lock_guard lock(mutex_);
      const auto found = places_.find(key);
      if (found != places_.end()) {
        order_.splice(order_.begin(), order_, found->second);
        return found->second->second;
      }
    }
    auto made = std::make_shared<Offer>(family, view);  // not under the lock: it takes long
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = places_.try_emplace(key, order_.end());
    if (!is_new) return place->second->second;
    order_.emplace_front(key, made);
    place->second = order_.begin();
    if (order_.size() > kMostOffers) {
      places_.erase(order_.back().first);
      order_.pop_back();
    }
    return made;
  }

 private:
  using Entry = std::pair<std::string, std::shared_ptr<Offer>>;
  std::mutex mutex_;
  std::list<Entry> order_;
  std::unordered_map<std::string, std::list<Entry>::iterator> places_;
};

}  // namespace

Offer::Offer(const Family& family, const NodeView& view) : recipe_(described(family, view)), threads_(view.threads) {}

Implementation* Offer::implementation(int i) {
  const std::lock_guard lock(mutex_);
  return find(i);
}

Implementation* Offer::find(int i) {
  if (!recipe_.reason.empty()) return nullptr;
  const ThreadScope threads(threads_);
  while (std::ssize(found_) <= i && !at_end_) {
    if (!fresh_ && dnnl_primitive_desc_next_impl(recipe_.primitive.get()) != dnnl_success) {
      at_end_ = true;
      break;
    }
    fresh_ = false;
    const std::string name = recipe_.primitive.impl_info_str();
    // A name that comes again could not be told apart when packed weights ask for it.
    const bool known = std::ranges::any_of(found_, [&](const auto& other) { return other->name == name; });
    if (!known && acceptable(recipe_))
      found_.push_back(std::make_unique<Implementation>(Implementation{name, copy_of(recipe_.primitive), {}}));
  }
  return i < std::ssize(found_) ? found_[static_cast<std::size_t>(i)].get() : nullptr;
}

Implementation* Offer::named(std::string_view name) {
  const std::lock_guard lock(mutex_);
  for (int i = 0;; ++i) {
    Implementation* found = find(i);
    if (found == nullptr || found->name == name) return found;
  }
}

dnnl::primitive Offer::primitive(Implementation& implementation) {
  const std::lock_guard lock(mutex_);
  if (implementation.primitive.get(true) == nullptr) {
    const ThreadScope threads(threads_);
    implementation.primitive = dnnl::primitive(implementation.description.get());
  }
  return implementation.primitive;
}

std::shared_ptr<Offer> offer_for(const Family& family, const NodeView& view) {
  static Store* const store = new Store;  // never destroyed: steps may outlive static destruction
  return store->get(family, view);
}

}  // namespace fovea::onednn
