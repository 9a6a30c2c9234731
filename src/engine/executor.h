#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/parallel/parallel.h"
#include "engine/cover.h"
#include "engine/engine.h"

namespace fovea {

/// An engine made ready on a device: steps made, weights in place. Immutable and thread-safe; contexts share it.
class Executor {
 public:
  /// kWrongDevice when the engine's fingerprint asks for what the device lacks, kCorruptFile for an unknown tactic, a
  /// tactic that does not run its node, or an engine that breaks the rules of engine/validate.h.
  static std::shared_ptr<const Executor> make(std::shared_ptr<const Engine> engine, const Backend& backend,
                                              std::shared_ptr<Device> device);
  virtual ~Executor() = default;
  virtual const Engine& engine() const = 0;
  virtual Device& device() const = 0;
  virtual const Step& step(std::size_t plan, std::size_t index) const = 0;
  virtual const BatchCover& cover() const = 0;
};

/// Opens the backend's device as the engine wants it (instruction set capped as at build time) and makes an executor.
std::shared_ptr<const Executor> make_executor(Engine engine, const Backend& backend, int device_index = 0);

/// One line where a plan was tuned for more threads than there are (it then runs on those); else empty.
std::string too_few_threads(const Engine& engine, int available = available_threads());

inline constexpr std::int64_t kMostClasses = 10'000'000;

/// What a request looks like: bytes of one image's input, numbers of one image's output (kUnsupported above
/// kMostClasses).
std::size_t input_bytes_per_image(const Engine& engine);
int output_classes(const Engine& engine);

struct StepTiming {
  std::size_t plan, step;
  double microseconds;
};

/// One stream's buffers. Not thread-safe: one per thread. run() allocates nothing of Fovea's own. `threads` 0: as many
/// as each plan was tuned for.
class ExecutionContext {
 public:
  explicit ExecutionContext(std::shared_ptr<const Executor> executor, int threads = 0);
  ~ExecutionContext();
  ExecutionContext(ExecutionContext&&) noexcept;
  ExecutionContext& operator=(ExecutionContext&&) noexcept;

  /// `input`: batch × (u8 h×w×c, or the float tensor) as the engine says; `output`: batch × classes f32. A batch that
  /// is no profile runs as the cheapest cover, the last part padded. kInvalidArgument when sizes don't fit.
  void run(std::span<const std::byte> input, std::int64_t batch, std::span<float> output);

  /// The same where the input is written on the device: `fill` puts on the stream what writes `count` images from
  /// `first` on at `input`.
  using Fill = std::function<void(std::byte* input, std::size_t first, std::size_t count, Stream& stream)>;
  void run(const Fill& fill, std::int64_t batch, std::span<float> output);

  /// Called after every step with the value's id in that plan's graph and the step's output as stored; for calibration,
  /// comparison and traces. Slower; results are the same with and without it. nullptr: off.
  using Observer = std::function<void(const Plan&, ValueId, const Tensor& stored)>;
  void observe(Observer observer);
  /// Microseconds of each step of the last run are kept while on.
  void time_steps(bool on);
  const std::vector<StepTiming>& timings() const;

  /// Runs a plan's steps from `first_step` on, with `value` (in logical order, as stored) put in the place of what the
  /// last run left there; observers see what follows. For explanations: only values made before and still in the arena
  /// may be read by those steps, which is so for a chain. kInvalidArgument when plan, step or type don't fit.
  void rerun(std::size_t plan, std::size_t first_step, ValueId id, const Tensor& value);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea
