#include "backend/cpu/onednn/runtime.h"

#include <array>
#include <mutex>
#include <optional>

namespace fovea::onednn {
namespace {

/// By Isa. Baseline means SSE4.1 to oneDNN; without it, it has references only.
constexpr std::array kLimits = {dnnl::cpu_isa::sse41,
                                dnnl::cpu_isa::avx2,
                                dnnl::cpu_isa::avx512_core,
                                dnnl::cpu_isa::avx512_core_vnni,
                                dnnl::cpu_isa::avx512_core_bf16,
                                dnnl::cpu_isa::avx512_core_amx};

}  // namespace

std::string version() {
  const dnnl_version_t* v = dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", v->major, v->minor, v->patch);
}

Isa limit_isa(Isa most) {
  static std::mutex mutex;
  static std::optional<Isa> limit;
  const std::lock_guard lock(mutex);
  if (!limit) {
    const dnnl::status status = dnnl::set_max_cpu_isa(kLimits.at(static_cast<std::size_t>(most)));
    require(status == dnnl::status::success, ErrorKind::kUnsupported,
            "[onednn] limit {} refused (status {}): oneDNN was used before the device was opened", name(most),
            static_cast<int>(status));
    limit = most;
  }
  require(*limit <= most, ErrorKind::kUnsupported,
          "[onednn] at most {} asked for, but this process may use {} since its first device", name(most),
          name(*limit));
  return *limit;
}

bool has_exact_int8() {
  constexpr int kVnni = static_cast<int>(dnnl::cpu_isa::avx512_core_vnni);
  return (static_cast<int>(dnnl::get_effective_cpu_isa()) & kVnni) == kVnni;
}

const dnnl::engine& engine() {
  // oneDNN's cache of primitives keys a description by its position in the list of implementations. One that is found
  // there comes back without its position, so the next step starts the list anew (primitive_desc_iterator_t::operator++
  // of 3.2): counting and naming would not agree. Offers (offer.h) share descriptions and code instead.
  static const bool no_cache = (dnnl::set_primitive_cache_capacity(0), true);
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  static_cast<void>(no_cache);
  return engine;
}

}  // namespace fovea::onednn
