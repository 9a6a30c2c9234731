#include "compiler/time_tactic.h"

#include <algorithm>
#include <limits>

#include "base/cancel.h"
#include "base/error.h"
#include "base/log/clock.h"
#include "base/log/log.h"
#include "base/random.h"
#include "engine/blobs.h"

namespace fovea {
namespace {

constexpr int kMostRounds = 9;
constexpr int kFewestRounds = 3;
constexpr double kFarBehind = 1.3;      ///< of the best: drops out after two rounds
constexpr double kClearlyAhead = 1.03;  ///< the leader by this much: the order stands
constexpr double kLongRun = 20'000;     ///< microseconds; what takes so long is timed fewer times

/// Numbers of ordinary size; all zeros, or bits that are denormals or NaN, would be run faster or slower.
Bytes ordinary_numbers(const OperandView& operand) {
  Bytes bytes(byte_size(operand));
  Random random({bytes.size(), static_cast<std::uint64_t>(operand.dtype)});
  if (!is_float(operand.dtype)) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.bits() & 0x7f);
    return bytes;
  }
  const std::size_t element = size_of(operand.dtype);
  Tensor pattern(DType::kF32, {1021});
  for (float& value : pattern.data<float>()) value = static_cast<float>(random.uniform(-1, 1));
  const Tensor typed = from_f32(pattern, operand.dtype);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = typed.bytes()[i % (1021 * element)];
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

  void bind(const TacticTimer& timer) {
    for (std::size_t i = 0; i < view().inputs.size(); ++i) {
      const bool data = view().inputs[i].present && !view().inputs[i].constant;
      inputs_.push_back(data ? timer.inputs_[i]->data() : nullptr);
    }
    for (std::size_t i = 0; i < view().outputs.size(); ++i) outputs_.push_back(timer.outputs_[i]->data());
    scratch_ = timer.scratch_ ? timer.scratch_->data() : nullptr;
  }

  void once(Device& device, Stream& stream) {
    device.flush_caches(stream);
    stream.synchronize();
    const Stopwatch watch;
    step_->run({inputs_, outputs_, scratch_}, stream);
    stream.synchronize();
    best = std::min(best, watch.seconds() * 1e6);
  }

  double best = std::numeric_limits<double>::infinity();
  bool racing = true;

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

void grow(std::unique_ptr<Buffer>& buffer, std::size_t bytes, Device& device) {
  if (buffer && buffer->size() >= bytes) return;
  buffer.reset();
  buffer = device.allocate(std::max<std::size_t>(bytes, 64));
}

}  // namespace

std::vector<double> TacticTimer::time(const std::vector<TimedCandidate>& candidates, const Weights& weights) {
  std::vector<std::unique_ptr<Run>> runs(candidates.size());
  std::vector<Run*> racing;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    throw_if_cancelled();
    try {
      runs[i] = std::make_unique<Run>(candidates[i], weights, device_);
      racing.push_back(runs[i].get());
    } catch (const Error& error) {
      log_debug("{} cannot be made: {}", candidates[i].tactic->name, error.message());
    }
  }
  for (const Run* run : racing) {
    const NodeView& view = run->view();
    inputs_.resize(std::max(inputs_.size(), view.inputs.size()));
    outputs_.resize(std::max(outputs_.size(), view.outputs.size()));
    for (std::size_t i = 0; i < view.inputs.size(); ++i)
      if (view.inputs[i].present && !view.inputs[i].constant) grow(inputs_[i], byte_size(view.inputs[i]), device_);
    for (std::size_t i = 0; i < view.outputs.size(); ++i) grow(outputs_[i], byte_size(view.outputs[i]), device_);
    if (run->scratch_bytes() > 0) grow(scratch_, run->scratch_bytes(), device_);
  }
  for (Run* run : racing) {
    const NodeView& view = run->view();
    for (std::size_t i = 0; i < view.inputs.size(); ++i)
      if (view.inputs[i].present && !view.inputs[i].constant)
        device_.upload(inputs_[i]->data(), ordinary_numbers(view.inputs[i]), *stream_);
    run->bind(*this);
  }
  for (int round = 0; round < kMostRounds && !racing.empty(); ++round) {
    for (Run* run : racing) {
      throw_if_cancelled();
      run->once(device_, *stream_);
    }
    std::ranges::stable_sort(racing, {}, [](const Run* run) { return run->best; });
    const double best = racing[0]->best;
    if (round >= 1) std::erase_if(racing, [&](const Run* run) { return run->best > kFarBehind * best; });
    const bool clear = racing.size() == 1 || racing[1]->best > kClearlyAhead * best;
    if (round + 1 >= kFewestRounds && (clear || best > kLongRun)) break;
  }
  std::vector<double> times;
  for (const auto& run : runs) times.push_back(run ? run->best : std::numeric_limits<double>::infinity());
  return times;
}

}  // namespace fovea
