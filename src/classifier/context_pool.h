#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "engine/photo_context.h"

namespace fovea {

/// Contexts over one executor: as many as there were calls at once. Thread-safe.
class ContextPool {
 public:
  ContextPool(std::shared_ptr<const Executor> executor, const DecodeLimits& limits, DecodeOn decode, int threads)
      : executor_(std::move(executor)), limits_(limits), decode_(decode), threads_(threads) {}

  /// A context for one call; goes back to the pool at the end of its scope.
  class Lease {
   public:
    explicit Lease(ContextPool& pool) : pool_(pool), context_(pool.take()) {}
    ~Lease() { pool_.give_back(std::move(context_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    PhotoContext* operator->() { return context_.get(); }

   private:
    ContextPool& pool_;
    std::unique_ptr<PhotoContext> context_;
  };
  const std::shared_ptr<const Executor>& executor() const { return executor_; }

 private:
  std::unique_ptr<PhotoContext> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        auto context = std::move(free_.back());
        free_.pop_back();
        return context;
      }
    }
    return std::make_unique<PhotoContext>(executor_, limits_, decode_, threads_);
  }
  void give_back(std::unique_ptr<PhotoContext> context) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(context));
  }

  std::shared_ptr<const Executor> executor_;
  DecodeLimits limits_;
  DecodeOn decode_;
  int threads_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<PhotoContext>> free_;
};

}  // namespace fovea
