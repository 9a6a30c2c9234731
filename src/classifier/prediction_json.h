#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "classifier/classifier.h"

namespace fovea {

/// {"cat": 0.85, …} in descending order: all classes up to 10, else the 5 most probable and "rest". Rounded to six
/// decimals.
nlohmann::ordered_json probabilities_json(const Prediction& prediction);
/// [{index, label, p}] of the `top` most probable classes.
nlohmann::ordered_json top_json(const Prediction& prediction, int top = 5);
/// One element of what `predict --json` prints: {schema, file, probabilities, top}.
nlohmann::ordered_json prediction_json(const std::string& file, const Prediction& prediction, int top = 5);
/// {schema, file, error}
nlohmann::ordered_json prediction_json(const std::string& file, const Error& error);

/// The same probabilities as one line of text: `{"cat": 0.85, "dog": 0.1}`. Labels that are not UTF-8 are replaced
/// where they are not.
std::string probabilities_line(const Prediction& prediction);

}  // namespace fovea
