#pragma once

#include <new>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace fovea {

/// Runs `body`; memory that it cannot have is kOutOfMemory, so that one file too large is skipped like a broken one.
template <typename Body>
decltype(auto) with_memory_errors(std::string_view where, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::kOutOfMemory, "[{}] there is not enough memory", where);
  } catch (const std::length_error&) {
    fail(ErrorKind::kOutOfMemory, "[{}] more than memory can hold", where);
  }
}

}  // namespace fovea
