#pragma once

#include <gtest/gtest.h>

#include "base/error.h"

namespace fovea {

/// The error that `call` throws, of one line; where it throws none the test fails, and this is kInternal.
template <typename Call>
Error thrown_by(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.message().find('\n'), std::string::npos) << error.message();
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorKind::kInternal, "nothing was thrown"};
}

template <typename Call>
ErrorKind kind_of(Call&& call) {
  return thrown_by(call).kind();
}

}  // namespace fovea
