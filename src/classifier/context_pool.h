#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "engine/pixel_context.h"

namespace fovea {

/// Contexts over one executor: as many as there were calls at once. Thread-safe.
class ContextPool {
 public:
  ContextPool(std::shared_ptr<const Executor> executor, int threads)
      : executor_(std::move(executor)), threads_(threads) {}

  /// A context for one call; goes back to the pool at the end of its scope.
  class Lease {
   public:
    explicit Lease(ContextPool& pool) : pool_(pool), context_(pool.take()) {}
    ~Lease() { pool_.give_back(std::move(context_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    PixelContext* operator->() { return context_.get(); }

   private:
    ContextPool& pool_;
    std::unique_ptr<PixelContext> context_;
  };
  const std::shared_ptr<const Executor>& executor() const { return executor_; }

 private:
  std::unique_ptr<PixelContext> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        auto context = std::move(free_.back());
        free_.pop_back();
        return context;
      }
    }
    return std::make_unique<PixelContext>(executor_, threads_);
  }
  void give_back(std::unique_ptr<PixelContext> context) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(context));
  }

  std::shared_ptr<const Executor> executor_;
  int threads_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<PixelContext>> free_;
};

}  // namespace fovea
