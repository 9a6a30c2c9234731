#pragma once

#include <filesystem>
#include <string>

namespace fovea {

/// One case of ONNX's backend tests: a folder with model.onnx and test_data_set_0/{input,output}_I.pb.
struct CaseResult {
  enum class Verdict { kPassed, kSkipped, kFailed } verdict = Verdict::kFailed;
  std::string reason;  ///< why skipped or failed
};

/// Imports the model, runs the reference on the case's inputs and compares (floats within 1e-3 relative + 1e-5,
/// integers exactly). Inputs that an op needs as constants are given as such. Skipped where the importer says
/// "unsupported".
CaseResult run_onnx_case(const std::filesystem::path& folder);

}  // namespace fovea
