#include "data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <system_error>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/log/log.h"
#include "base/parallel/parallel.h"

namespace fovea {
namespace {

/// A batch being filled: every image has its own place, failed ones are squeezed out when all are done.
struct Pending {
  std::vector<std::uint8_t> pixels;
  std::vector<std::string> failures;  ///< by place; empty: decoded
  std::size_t remaining = 0;
};

}  // namespace

struct Loader::State {
  const Dataset& dataset;
  LoaderOptions options;
  std::size_t batch_count = 0;
  std::vector<Pending> ring;  ///< batch b is filled in ring[b % ring.size()]
  std::size_t next_item = 0;  ///< of options.order, next to be taken by a worker
  std::size_t consumed = 0;   ///< batches given out
  bool stopping = false;
  std::exception_ptr error;
  std::mutex mutex;
  std::condition_variable item_free, batch_ready;
  std::vector<SkippedImage> skipped;
  std::vector<std::jthread> workers;

  State(const Dataset& set, LoaderOptions chosen) : dataset(set), options(std::move(chosen)) {
    const std::size_t batch = static_cast<std::size_t>(options.batch);
    batch_count = (options.order.size() + batch - 1) / batch;
    ring.resize(static_cast<std::size_t>(std::max(1, options.ahead)));
    for (std::size_t b = 0; b < std::min(ring.size(), batch_count); ++b) prepare(b);
  }

  std::size_t batch_size(std::size_t b) const {
    const std::size_t batch = static_cast<std::size_t>(options.batch);
    return std::min(batch, options.order.size() - b * batch);
  }

  void prepare(std::size_t b) {
    Pending& pending = ring[b % ring.size()];
    pending.remaining = batch_size(b);
    pending.pixels.resize(pending.remaining * options.spec.pixel_bytes());
    pending.failures.assign(pending.remaining, {});
  }

  void load(int sample, std::span<std::uint8_t> pixels) const {
    const Bytes encoded = read_file(dataset.samples[static_cast<std::size_t>(sample)].file, options.limits.max_bytes);
    if (!options.augmentation) return preprocess_encoded(encoded, options.spec, options.limits, pixels);
    const Image image = decode_for(encoded, options.spec, options.limits);
    const Random random{options.seed, static_cast<std::uint64_t>(options.epoch), static_cast<std::uint64_t>(sample)};
    augment(image.view(), options.spec, *options.augmentation, random, pixels);
  }

  void work() {
    const std::size_t batch = static_cast<std::size_t>(options.batch);
    const std::size_t bytes = options.spec.pixel_bytes();
    std::unique_lock lock(mutex);
    for (;;) {
      item_free.wait(lock, [&] {
        return stopping || next_item >= options.order.size() || next_item / batch < consumed + ring.size();
      });
      if (stopping || next_item >= options.order.size()) return;
      const std::size_t item = next_item++;
      Pending& pending = ring[item / batch % ring.size()];
      const std::span<std::uint8_t> place(pending.pixels.data() + item % batch * bytes, bytes);
      lock.unlock();
      std::string failure;
      std::exception_ptr thrown;
      try {
        load(options.order[item], place);
      } catch (const Error& caught) {
        failure = caught.message();
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      pending.failures[item % batch] = std::move(failure);
      if (thrown && !error) error = thrown;
      if (--pending.remaining == 0) batch_ready.notify_one();
    }
  }

  /// As many workers as the system allows, up to `threads`.
  void start(int threads) {
    workers.reserve(static_cast<std::size_t>(threads));
    try {
      for (int i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
    } catch (const std::system_error& refused) {
      require(!workers.empty(), ErrorKind::kOutOfMemory, "[loader] no thread can be started: {}", refused.what());
      log_warning("decoding on {} threads instead of {}: {}", workers.size(), threads, refused.what());
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    item_free.notify_all();
  }

  /// Moves the finished batch `b` out of its ring slot.
  Batch finish(std::size_t b) {
    Pending& pending = ring[b % ring.size()];
    const std::size_t bytes = options.spec.pixel_bytes();
    Batch made;
    made.pixels = std::move(pending.pixels);
    for (std::size_t i = 0; i < pending.failures.size(); ++i) {
      const int index = options.order[b * static_cast<std::size_t>(options.batch) + i];
      const Sample& sample = dataset.samples[static_cast<std::size_t>(index)];
      if (!pending.failures[i].empty()) {
        log_warning("skipped {}: {}", sample.file.string(), pending.failures[i]);
        skipped.push_back({sample.file, pending.failures[i]});
        continue;
      }
      const std::size_t to = made.labels.size();
      if (to != i)
        std::copy_n(made.pixels.begin() + static_cast<std::ptrdiff_t>(i * bytes), bytes,
                    made.pixels.begin() + static_cast<std::ptrdiff_t>(to * bytes));
      made.labels.push_back(sample.label);
      made.samples.push_back(index);
    }
    made.pixels.resize(made.labels.size() * bytes);
    return made;
  }
};

Loader::Loader(const Dataset& dataset, LoaderOptions options) {
  require(options.batch > 0, ErrorKind::kInvalidArgument, "[loader] batch is {}, expected at least 1", options.batch);
  options.spec.batch_bytes(std::int64_t{options.batch} * std::max(1, options.ahead));
  const int threads = options.threads > 0 ? options.threads : default_threads();
  state_ = std::make_unique<State>(dataset, std::move(options));
  try {
    state_->start(threads);
  } catch (...) {
    state_->stop();  // a thread that waits would never be joined
    throw;
  }
}

Loader::~Loader() { state_->stop(); }

std::optional<Batch> Loader::next() {
  State& state = *state_;
  for (;;) {
    throw_if_cancelled();
    std::unique_lock lock(state.mutex);
    if (state.consumed >= state.batch_count) return std::nullopt;
    const std::size_t b = state.consumed;
    while (state.ring[b % state.ring.size()].remaining > 0) {
      state.batch_ready.wait_for(lock, std::chrono::milliseconds(100));
      if (cancelled()) break;
    }
    throw_if_cancelled();
    if (state.error) std::rethrow_exception(state.error);
    Batch made = state.finish(b);
    if (b + state.ring.size() < state.batch_count) state.prepare(b + state.ring.size());
    ++state.consumed;
    lock.unlock();
    state.item_free.notify_all();
    if (made.size() > 0) return made;
  }
}

const std::vector<SkippedImage>& Loader::skipped() const { return state_->skipped; }

std::vector<int> shuffled(std::vector<int> samples, std::uint64_t seed, int epoch) {
  Random random{seed, static_cast<std::uint64_t>(epoch), 0x73687566};
  for (std::size_t i = samples.size(); i > 1; --i) std::swap(samples[i - 1], samples[random.below(i)]);
  return samples;
}

}  // namespace fovea
