#include "testing/onnx_case.h"

#include <cmath>
#include <optional>

#include "base/error.h"
#include "graph/reference.h"
#include "interop/onnx_import.h"
#include "interop/tensor_file.h"

namespace fovea {
namespace {

std::vector<NamedTensor> read_tensors(const std::filesystem::path& folder, const std::string& kind) {
  std::vector<NamedTensor> tensors;
  for (int i = 0; std::filesystem::exists(folder / fmt::format("{}_{}.pb", kind, i)); ++i)
    tensors.push_back(read_tensor_file(folder / fmt::format("{}_{}.pb", kind, i)));
  return tensors;
}

struct CaseData {
  std::vector<NamedTensor> inputs, expected;
};

/// Inputs and outputs that are no tensors (sequences, optionals) can't be read; then the model's own refusal counts.
CaseData read_data(const std::filesystem::path& folder) {
  try {
    return {read_tensors(folder / "test_data_set_0", "input"), read_tensors(folder / "test_data_set_0", "output")};
  } catch (const Error&) {
    import_onnx(folder / "model.onnx");
    throw;
  }
}

/// First as it is; where an op wants constants, with every input but the first known, then with all known.
Model import_with(const std::filesystem::path& model, const std::vector<NamedTensor>& inputs) {
  std::optional<Error> first;
  for (std::size_t known_from : {inputs.size(), std::size_t{1}, std::size_t{0}}) {
    ImportOptions options;
    for (std::size_t i = known_from; i < inputs.size(); ++i) options.constants[inputs[i].name] = inputs[i].tensor;
    try {
      return import_onnx(model, options);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUnsupported) throw;
      if (!first) first = error;
    }
  }
  throw *first;
}

std::vector<Tensor> run(const Model& model, const std::vector<NamedTensor>& inputs) {
  std::vector<Tensor> given;
  for (const ValueId id : model.graph.inputs()) {
    const Value& value = model.graph.value(id);
    for (const NamedTensor& input : inputs)
      if (input.name == value.name)
        given.push_back(is_float(input.tensor.dtype()) ? to_f32(input.tensor) : input.tensor);
  }
  std::vector<Tensor> outputs = run_reference(model.graph, given);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Value& value = model.graph.value(model.graph.outputs()[i]);
    if (value.is_constant()) outputs[i] = value.constant;
  }
  return outputs;
}

std::string difference(const Tensor& got, const Tensor& expected) {
  if (got.shape() != expected.shape())
    return fmt::format("shape {} instead of {}", got.shape().str(), expected.shape().str());
  const Tensor a = to_f32(got);
  const Tensor b = to_f32(expected);
  const bool real = is_float(expected.dtype());
  // 16-bit floats carry 8 or 11 bits: what is computed in f32 may differ by one of their steps.
  const float relative = expected.dtype() == DType::kBF16 ? 1e-2F : 1e-3F;
  for (std::size_t i = 0; i < static_cast<std::size_t>(a.elements()); ++i) {
    const float x = a.data<float>()[i];
    const float y = b.data<float>()[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    if (!real || !(std::abs(x - y) <= 1e-5F + relative * std::abs(y)))
      return fmt::format("element {} is {} instead of {}", i, x, y);
  }
  return {};
}

}  // namespace

CaseResult run_onnx_case(const std::filesystem::path& folder) {
  using Verdict = CaseResult::Verdict;
  try {
    const auto [inputs, expected] = read_data(folder);
    const std::vector<Tensor> got = run(import_with(folder / "model.onnx", inputs), inputs);
    for (std::size_t i = 0; i < got.size() && i < expected.size(); ++i)
      if (const std::string wrong = difference(got[i], expected[i].tensor); !wrong.empty())
        return {Verdict::kFailed, wrong};
    return {Verdict::kPassed, {}};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUnsupported) return {Verdict::kSkipped, error.message()};
    return {Verdict::kFailed, error.message()};
  }
}

}  // namespace fovea
