#pragma once

#include <string_view>

#include "passes/pass.h"

namespace fovea {

using PassFunction = bool (*)(Graph&, const PassContext&);

/// GoogleTest expectations on one pass over graphs in text form. The graph after the pass must print as `after` does,
/// obey the rules, and compute what it computed before on random inputs (within `tolerance`, relative and absolute).
void expect_rewrite(PassFunction pass, std::string_view before, std::string_view after, const PassContext& context = {},
                    double tolerance = 1e-4);
/// The pass changes nothing and says so.
void expect_untouched(PassFunction pass, std::string_view text, const PassContext& context = {});

/// Same outputs of both graphs on random inputs.
void expect_same_results(const Graph& a, const Graph& b, double tolerance = 1e-4);

/// A target that runs everything but ops of this name.
PassContext without(std::string_view op);

}  // namespace fovea
