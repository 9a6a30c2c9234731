#pragma once

#include "backend/api/tactic.h"

namespace fovea {

/// The backend "cpu": any x86-64. Lives for ever, thread-safe.
///
/// open(most): the instruction set is what the machine has, at most `most`, for own kernels and for oneDNN. oneDNN
/// keeps one limit per process, taken at the first open: a later open with another effective limit is kUnsupported.
const Backend& cpu_backend();

}  // namespace fovea
