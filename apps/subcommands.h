#pragma once

#include <functional>
#include <span>
#include <string>

#include "arguments.h"

namespace fovea::apps {

std::span<const Subcommand> subcommands();
std::string version();

std::function<int()> define_synth(Arguments& arguments);
std::function<int()> define_train(Arguments& arguments);
std::function<int()> define_build(Arguments& arguments);
std::function<int()> define_eval(Arguments& arguments);
std::function<int()> define_compare(Arguments& arguments);
std::function<int()> define_predict(Arguments& arguments);
std::function<int()> define_bench(Arguments& arguments);
std::function<int()> define_inspect(Arguments& arguments);
std::function<int()> define_export(Arguments& arguments);
std::function<int()> define_refit(Arguments& arguments);
std::function<int()> define_serve(Arguments& arguments);
std::function<int()> define_run(Arguments& arguments);

}  // namespace fovea::apps
