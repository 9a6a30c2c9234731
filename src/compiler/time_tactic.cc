#include "compiler/time_tactic.h"

#include <algorithm>
#include <limits>

#include "base/cancel.h"
#include "base/error.h"
#include "base/log/log.h"
#include "base/parallel/parallel.h"
#include "base/random.h"
#include "engine/blobs.h"

namespace fovea {
namespace {

constexpr int kMostRounds = 12;
constexpr int kFewestRounds = 3;
constexpr int kSteady = 3;              ///< rounds without a new leader or a better time of it: the order stands
constexpr double kHopeless = 3;         ///< of the best, at the first run
constexpr double kFarBehind = 1.3;      ///< of the best, after the first round
constexpr double kClearlyAhead = 1.03;  ///< the leader by this much: the order stands
constexpr double kBetter = 0.99;        ///< a leader's time that is worth waiting for
constexpr double kLongRun = 20'000;     ///< microseconds; what takes so long is timed fewer times

/// Numbers of ordinary size; all zeros, or bits that are denormals or NaN, would be run faster or slower.
Bytes ordinary_numbers(const OperandView& operand) {
  constexpr std::size_t kPeriod = 1021;
  Bytes bytes(byte_size(operand));
  Random random({bytes.size(), static_cast<std::uint64_t>(operand.dtype)});
  Bytes pattern(kPeriod);
  if (is_float(operand.dtype)) {
    Tensor reals(DType::kF32, {static_cast<std::int64_t>(kPeriod)});
    for (float& value : reals.data<float>()) value = static_cast<float>(random.uniform(-1, 1));
    const Tensor typed = from_f32(reals, operand.dtype);
    pattern.assign(typed.bytes().begin(), typed.bytes().end());
  } else {
    for (std::byte& byte : pattern) byte = static_cast<std::byte>(random.bits() & 0x7f);
  }
  for (std::size_t i = 0; i < bytes.size(); i += pattern.size())
    std::copy_n(pattern.begin(), std::min(pattern.size(), bytes.size() - i), bytes.begin() + static_cast<long>(i));
  return bytes;
}

}  // namespace

/// One candidate made ready.
class TacticTimer::Run {
 public:
  Run(const TimedCandidate& candidate, const Weights& weights, Device& device) : candidate_(candidate) {
    packed_.push_back(candidate.tactic->pack(candidate.view, candidate.config, weights));
    step_ = candidate.tactic->make(candidate.view, candidate.config, packed_[0], device);
  }
  std::size_t scratch_bytes() const { return step_->scratch_bytes(); }
  const NodeView& view() const { return candidate_.view; }
  std::string_view name() const { return candidate_.tactic->name; }

  /// To the timer's buffers as they are now.
  void bind(const TacticTimer& timer) {
    inputs_.clear();
    outputs_.clear();
    for (std::size_t i = 0; i < view().inputs.size(); ++i) {
      const bool data = view().inputs[i].present && !view().inputs[i].constant;
      inputs_.push_back(data ? timer.inputs_[i]->data() : nullptr);
    }
    for (std::size_t i = 0; i < view().outputs.size(); ++i) outputs_.push_back(timer.outputs_[i]->data());
    scratch_ = timer.scratch_ ? timer.scratch_->data() : nullptr;
  }

  void once(Device& device, Stream& stream) {
    device.evict(packed_[0], stream);
    best = std::min(best, device.time(stream, [&] { step_->run({inputs_, outputs_, scratch_}, stream); }));
  }

  double best = std::numeric_limits<double>::infinity();

 private:
  const TimedCandidate& candidate_;
  Blobs packed_;
  std::unique_ptr<Step> step_;
  std::vector<const std::byte*> inputs_;
  std::vector<std::byte*> outputs_;
  std::byte* scratch_ = nullptr;
};

TacticTimer::TacticTimer(Device& device, int threads) : device_(device), stream_(device.make_stream(threads)) {}
TacticTimer::~TacticTimer() = default;

namespace {

void grow(std::unique_ptr<Buffer>& buffer, std::size_t bytes, Device& device, Stream& stream) {
  if (buffer && buffer->size() >= bytes) return;
  buffer.reset();
  buffer = device.allocate(std::max<std::size_t>(bytes, 64));
  device.upload(buffer->data(), Bytes(buffer->size()), stream);  // real pages: the first run is no slower than others
}

}  // namespace

void TacticTimer::make_room(const NodeView& view, std::size_t scratch_bytes) {
  inputs_.resize(std::max(inputs_.size(), view.inputs.size()));
  outputs_.resize(std::max(outputs_.size(), view.outputs.size()));
  filled_.resize(inputs_.size());
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    const OperandView& input = view.inputs[i];
    if (!input.present || input.constant) continue;
    const bool known = inputs_[i] && filled_[i].dtype == input.dtype && byte_size(filled_[i]) >= byte_size(input);
    grow(inputs_[i], byte_size(input), device_, *stream_);
    if (known) continue;
    device_.upload(inputs_[i]->data(), ordinary_numbers(input), *stream_);
    filled_[i] = input;
  }
  for (std::size_t i = 0; i < view.outputs.size(); ++i)
    grow(outputs_[i], byte_size(view.outputs[i]), device_, *stream_);
  if (scratch_bytes > 0) grow(scratch_, scratch_bytes, device_, *stream_);
}

/// Null where one cannot be made.
std::vector<std::unique_ptr<TacticTimer::Run>> TacticTimer::make_runs(const std::vector<TimedCandidate>& candidates,
                                                                      const Weights& weights) {
  std::vector<std::unique_ptr<Run>> runs(candidates.size());
  const auto make = [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    try {
      runs[at] = std::make_unique<Run>(candidates[at], weights, device_);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      log_debug("{} cannot be made: {}", candidates[at].tactic->name, error.message());
    }
  };
  parallel_for(static_cast<std::int64_t>(candidates.size()), make, device_.makers());
  return runs;
}

/// Null for one that cannot run.
std::unique_ptr<TacticTimer::Run> TacticTimer::first_run(std::unique_ptr<Run> run, double best) {
  throw_if_cancelled();
  if (!run) return nullptr;
  try {
    make_room(run->view(), run->scratch_bytes());
    run->bind(*this);
    run->once(device_, *stream_);
    if (run->best <= kHopeless * best) run->once(device_, *stream_);  // the first one also warmed up
    return run;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    log_debug("{} does not run: {}", run->name(), error.message());
    return nullptr;
  }
}

std::vector<double> TacticTimer::time(const std::vector<TimedCandidate>& candidates, const Weights& weights) {
  std::vector<std::unique_ptr<Run>> runs = make_runs(candidates, weights);
  std::vector<double> times(candidates.size(), std::numeric_limits<double>::infinity());
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    runs[i] = first_run(std::move(runs[i]), best);
    if (!runs[i]) continue;
    times[i] = runs[i]->best;
    best = std::min(best, times[i]);
    if (times[i] > kHopeless * best) runs[i].reset();
  }
  std::vector<Run*> racing;
  for (const auto& run : runs)
    if (run && run->best <= kFarBehind * best) racing.push_back(run.get());
  for (Run* run : racing) run->bind(*this);  // buffers may have grown
  race(racing);
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (runs[i]) times[i] = runs[i]->best;
  return times;
}

/// Turns until the leader stands.
void TacticTimer::race(std::vector<Run*>& racing) {
  const Run* leader = nullptr;
  double led_with = 0;
  int steady = 0;
  for (int round = 1; round < kMostRounds && !racing.empty(); ++round) {
    throw_if_cancelled();
    for (Run* run : racing) run->once(device_, *stream_);
    std::ranges::stable_sort(racing, {}, [](const Run* run) { return run->best; });
    const double best = racing[0]->best;
    std::erase_if(racing, [&](const Run* run) { return run->best > kFarBehind * best; });
    steady = racing[0] == leader && best > kBetter * led_with ? steady + 1 : 0;
    if (steady == 0) {
      leader = racing[0];
      led_with = best;
    }
    const bool clear = racing.size() == 1 || racing[1]->best > kClearlyAhead * best;
    if (round + 1 >= kFewestRounds && (clear || best > kLongRun || steady >= kSteady)) break;
  }
}

}  // namespace fovea
