#include "backend/cpu/onednn/primitive_step.h"

#include <mutex>

#include "backend/cpu/onednn/runtime.h"
#include "base/error.h"

namespace fovea::onednn {
namespace {

constexpr std::size_t kPoolRoom = 64;  ///< concurrent runs of one step before the pool itself has to grow

class PrimitiveStep final : public Step {
 public:
  PrimitiveStep(const Recipe& recipe, const dnnl::primitive_desc_base& description, dnnl::primitive primitive,
                const cpu::BlobReader& blob)
      : primitive_(std::move(primitive)), bound_(recipe.bound), fixed_(recipe.fixed) {
    for (std::size_t i = 0; i < recipe.constants.size(); ++i) {
      const Recipe::Constant& constant = recipe.constants[i];
      const dnnl::memory::desc desc = constant.primitives_format
                                          ? description.query_md(dnnl::query::exec_arg_md, constant.argument)
                                          : constant.given;
      constants_.push_back({constant.argument, desc, blob.section(i, desc.get_size()).data()});
    }
    if (acts_by_element(description.get_kind()))
      for (const Recipe::Bound& b : bound_)
        if (!b.output && b.argument == DNNL_ARG_SRC && b.desc == output_desc()) in_place_ = static_cast<int>(b.index);
    scratch_ = description.query_md(dnnl::query::scratchpad_md, 0);
    pool_.reserve(kPoolRoom);
    pool_.push_back(std::make_unique<Slot>(*this));
  }

  std::size_t scratch_bytes() const override { return scratch_.get_size(); }
  bool in_place(std::size_t input) const override { return in_place_ == static_cast<int>(input); }

  void run(const Bindings& bindings, Stream& stream) const noexcept override {
    const ThreadScope threads(stream.threads);
    std::unique_ptr<Slot> slot = take();
    for (std::size_t i = 0; i < bound_.size(); ++i) {
      const Recipe::Bound& b = bound_[i];
      std::byte* data = b.output ? bindings.outputs[b.index] : const_cast<std::byte*>(bindings.inputs[b.index]);
      slot->set(i, data);
    }
    slot->set(bound_.size(), bindings.scratch);
    slot->execute(primitive_);
    give(std::move(slot));
  }

 private:
  struct ConstantMemory {
    int argument;
    dnnl::memory::desc desc;
    const std::byte* data;
  };

  /// One run's memory objects: first the bound activations, then scratch, then what never changes.
  struct Slot {
    explicit Slot(const PrimitiveStep& step) : stream(engine()) {
      for (const Recipe::Bound& b : step.bound_) add(b.argument, b.desc, DNNL_MEMORY_NONE);
      add(DNNL_ARG_SCRATCHPAD, step.scratch_, DNNL_MEMORY_NONE);
      for (const ConstantMemory& c : step.constants_) add(c.argument, c.desc, const_cast<std::byte*>(c.data));
      for (const Recipe::Fixed& f : step.fixed_) {
        add(f.argument, {{1}, f.type, dnnl::memory::format_tag::a}, const_cast<std::int32_t*>(&f.bits));
      }
    }
    void add(int argument, const dnnl::memory::desc& desc, void* data) {
      memories.emplace_back(desc, engine(), data);
      arguments.push_back({argument, memories.back().get()});
    }
    void set(std::size_t i, void* data) { check(dnnl_memory_set_data_handle(arguments[i].memory, data)); }
    void execute(const dnnl::primitive& primitive) {
      check(
          dnnl_primitive_execute(primitive.get(), stream.get(), static_cast<int>(arguments.size()), arguments.data()));
    }
    static void check(dnnl_status_t status) {
      require(status == dnnl_success, ErrorKind::kInternal, "[onednn] execution failed with status {}",
              static_cast<int>(status));
    }
    dnnl::stream stream;
    std::vector<dnnl::memory> memories;
    std::vector<dnnl_exec_arg_t> arguments;
  };

  std::unique_ptr<Slot> take() const {
    {
      const std::lock_guard lock(mutex_);
      if (!pool_.empty()) {
        std::unique_ptr<Slot> slot = std::move(pool_.back());
        pool_.pop_back();
        return slot;
      }
    }
    return std::make_unique<Slot>(*this);
  }

  void give(std::unique_ptr<Slot> slot) const {
    const std::lock_guard lock(mutex_);
    pool_.push_back(std::move(slot));
  }

  /// oneDNN documents that these may write over their first source where both have one description.
  static bool acts_by_element(dnnl::primitive::kind kind) {
    return kind == dnnl::primitive::kind::eltwise || kind == dnnl::primitive::kind::binary ||
           kind == dnnl::primitive::kind::softmax || kind == dnnl::primitive::kind::batch_normalization;
  }
  dnnl::memory::desc output_desc() const {
    for (const Recipe::Bound& b : bound_)
      if (b.output) return b.desc;
    return {};
  }

  dnnl::primitive primitive_;
  std::vector<Recipe::Bound> bound_;
  std::vector<Recipe::Fixed> fixed_;
  std::vector<ConstantMemory> constants_;
  dnnl::memory::desc scratch_;
  int in_place_ = -1;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Slot>> pool_;
};

}  // namespace

std::unique_ptr<Step> make_primitive_step(const std::shared_ptr<Offer>& offer, Implementation& chosen,
                                          const cpu::BlobReader& blob) {
  return std::make_unique<PrimitiveStep>(offer->recipe(), chosen.description, offer->primitive(chosen), blob);
}

}  // namespace fovea::onednn
