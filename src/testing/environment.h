#pragma once

#include <string_view>

#include "backend/api/device.h"

namespace fovea {

/// FOVEA_TEST_FULL: everything, however long it takes.
bool full_tests();

/// FOVEA_TEST_ISA: the instruction sets that this process may use; all of the machine's where it is not set. oneDNN's
/// limit is the process's, so that a test with less is a process of its own.
bool isa_is_limited();
Isa isa_limit();

/// Runs the tests of this program that `filter` names once more, up to `isa`: the exit status.
int run_limited(std::string_view isa, std::string_view filter);

}  // namespace fovea
