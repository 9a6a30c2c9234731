#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/api/device.h"
#include "backend/api/view.h"
#include "base/io/file.h"

namespace fovea {

/// "yes", or "no" with the reason in words; what is expected to fail is a value.
struct Support {
  bool ok = true;
  std::string reason;
  static Support yes() { return {}; }
  static Support no(std::string why) { return {false, std::move(why)}; }
  explicit operator bool() const { return ok; }
};

/// A few named integers, in the order that the tactic defined; printed as "key=value key=value".
struct Config {
  std::vector<std::pair<std::string, int>> values;
  bool operator==(const Config&) const = default;
  int get(std::string_view key, int otherwise) const;
  std::string str() const;
  static Config parse(std::string_view text);  ///< kCorruptFile
};

/// Where a step finds its data during one run. Entries of constants and left-out inputs are null.
struct Bindings {
  std::span<const std::byte* const> inputs;
  std::span<std::byte* const> outputs;
  std::byte* scratch = nullptr;  ///< 64-byte aligned, scratch_bytes()
};

/// A tactic made ready for one node: reentrant (contexts share it), allocates nothing of its own during run, doesn't
/// throw.
class Step {
 public:
  virtual ~Step() = default;
  virtual std::size_t scratch_bytes() const { return 0; }
  /// Whether output 0 may lie in the very bytes of this input, which nobody reads afterwards.
  virtual bool in_place(std::size_t input) const { return static_cast<void>(input), false; }
  /// What a library compiled to make it, where making it anew takes long.
  virtual std::optional<Compiled> compiled() const { return std::nullopt; }
  virtual void run(const Bindings& bindings, Stream& stream) const = 0;
};

/// One way to run a node. Stateless. `make` at load time sees no weights: everything of them that it needs (values,
/// scales, biases) is in `packed`, which stays alive and 64-byte aligned as long as the step.
struct Tactic {
  std::string_view name;  ///< stable: written into engines and timing caches
  Support (*supports)(const NodeView& view, const DeviceInfo& device);
  std::vector<Config> (*configs)(const NodeView& view, const DeviceInfo& device);     ///< never empty where supported
  Bytes (*pack)(const NodeView& view, const Config& config, const Weights& weights);  ///< build time only; may be empty
  std::unique_ptr<Step> (*make)(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                                Device& device);
};

/// For tactics without a choice, and without weights.
std::vector<Config> one_config(const NodeView& view, const DeviceInfo& device);
Bytes pack_nothing(const NodeView& view, const Config& config, const Weights& weights);

/// The first "no" of check(operand, "input 0"), asked of present inputs that are no constants, and of outputs.
template <typename Check>
Support every_activation(const NodeView& view, const Check& check) {
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    if (!view.inputs[i].present || view.inputs[i].constant) continue;
    if (Support answer = check(view.inputs[i], "input " + std::to_string(i)); !answer) return answer;
  }
  for (std::size_t i = 0; i < view.outputs.size(); ++i)
    if (Support answer = check(view.outputs[i], "output " + std::to_string(i)); !answer) return answer;
  return Support::yes();
}

/// A backend is its table of tactics (best guess first) and its device.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  virtual std::span<const Tactic> tactics() const = 0;
  virtual bool available() const { return true; }  ///< a device is here; `auto` takes the first backend that has one
  /// The device with its instruction set capped (`--isa`; nothing above it is used, by vendors' libraries neither).
  virtual std::shared_ptr<Device> open(Isa most, int index) const = 0;
};
const Tactic* find_tactic(const Backend& backend, std::string_view name);

}  // namespace fovea
