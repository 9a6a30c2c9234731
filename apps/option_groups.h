#pragma once

#include "arguments.h"
#include "pipeline/settings.h"

namespace fovea::apps {

/// Groups of options that several subcommands share: one place for names, help and checks.
void declare_data(Arguments& arguments, DataSettings& data, bool required);
void declare_limits(Arguments& arguments, DataSettings& data);
void declare_train(Arguments& arguments, TrainSettings& train);
void declare_form(Arguments& arguments, std::string& weights, std::string& activations);  ///< of 8-bit numbers
void declare_class_map(Arguments& arguments, DataSettings& data);
/// What a loss of accuracy means: how much, how sure, and what then.
void declare_gate(Arguments& arguments, BuildSettings& build);
/// All that a choice of precision by accuracy takes: calibration and the gate.
void declare_accuracy(Arguments& arguments, BuildSettings& build);
/// Where --data is not required: which of these do nothing without it.
void idle_without_data(Arguments& arguments);
void declare_build(Arguments& arguments, BuildSettings& build);
void declare_size(Arguments& arguments, int& size);
void declare_device(Arguments& arguments, std::string& device);
void declare_preprocess(Arguments& arguments, std::string& preprocess);

}  // namespace fovea::apps
