#include "backend/cuda/cudnn/convolution.h"

#include <algorithm>
#include <charconv>

namespace fovea::cuda::cudnn {
namespace {

enum Uid : std::int64_t { kX = 1, kW, kScale, kResidual, kResidualScale, kBias, kY, kFirstVirtual };

using Dims = std::array<std::int64_t, 4>;

Dims nhwc_strides(const Dims& d) { return {d[1] * d[2] * d[3], 1, d[3] * d[1], d[1]}; }

Descriptor tensor(std::int64_t uid, cudnnDataType_t type, const Dims& dims, bool is_virtual = false) {
  Descriptor made(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  made.set(CUDNN_ATTR_TENSOR_DATA_TYPE, type);
  made.set(CUDNN_ATTR_TENSOR_DIMENSIONS, dims);
  made.set(CUDNN_ATTR_TENSOR_STRIDES, nhwc_strides(dims));
  made.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, uid);
  made.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, std::int64_t{16});
  made.set_flag(CUDNN_ATTR_TENSOR_IS_VIRTUAL, is_virtual);
  made.finalize();
  return made;
}

struct Mode {
  Function function;
  cudnnPointwiseMode_t mode;
};
constexpr std::array kModes = {
    Mode{Function::kRelu, CUDNN_POINTWISE_RELU_FWD},
    Mode{Function::kClip, CUDNN_POINTWISE_RELU_FWD},
    Mode{Function::kLeakyRelu, CUDNN_POINTWISE_RELU_FWD},
    Mode{Function::kSigmoid, CUDNN_POINTWISE_SIGMOID_FWD},
    Mode{Function::kTanh, CUDNN_POINTWISE_TANH_FWD},
    Mode{Function::kElu, CUDNN_POINTWISE_ELU_FWD},
    Mode{Function::kSilu, CUDNN_POINTWISE_SWISH_FWD},
    Mode{Function::kGelu, CUDNN_POINTWISE_GELU_FWD},
    Mode{Function::kGeluTanh, CUDNN_POINTWISE_GELU_APPROX_TANH_FWD},
};

Descriptor pointwise(cudnnPointwiseMode_t mode) {
  Descriptor made(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  made.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
  made.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
  return made;
}

Descriptor activation(const Activation& act) {
  Descriptor made = pointwise(std::ranges::find(kModes, act.function, &Mode::function)->mode);
  if (act.function == Function::kClip) {
    made.set_real(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP, static_cast<double>(act.alpha));
    made.set_real(CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, static_cast<double>(act.beta));
  }
  if (act.function == Function::kLeakyRelu)
    made.set_real(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, static_cast<double>(act.alpha));
  if (act.function == Function::kElu) made.set_real(CUDNN_ATTR_POINTWISE_ELU_ALPHA, static_cast<double>(act.alpha));
  if (act.function == Function::kSilu) made.set_real(CUDNN_ATTR_POINTWISE_SWISH_BETA, 1.0);
  return made;
}

/// The operations of a problem and everything that they refer to.
class OperationGraph {
 public:
  OperationGraph(cudnnHandle_t handle, const Convolution& problem)
      : problem_(problem), graph_(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR) {
    const Dims y = {problem.n, problem.k, problem.p, problem.q}, channel = {1, problem.k, 1, 1};
    const bool integers = problem.type == CUDNN_DATA_INT8;
    const Descriptor* value = add_convolution(y, integers ? CUDNN_DATA_INT32 : CUDNN_DATA_FLOAT);
    if (problem.scaled)
      value = add_binary(CUDNN_POINTWISE_MUL, value, tensor(kScale, CUDNN_DATA_FLOAT, channel), y, false);
    if (problem.residual && problem.residual_scaled) {
      keep_.push_back(tensor(kResidual, *problem.residual, y));
      const Descriptor* added = &keep_.back();
      added = add_binary(CUDNN_POINTWISE_MUL, added, tensor(kResidualScale, CUDNN_DATA_FLOAT, channel), y, false);
      value = add_binary(CUDNN_POINTWISE_ADD, value, *added, y);
    } else if (problem.residual) {
      value = add_binary(CUDNN_POINTWISE_ADD, value, tensor(kResidual, *problem.residual, y), y, false);
    }
    value = add_binary(CUDNN_POINTWISE_ADD, value, tensor(kBias, CUDNN_DATA_FLOAT, channel), y, !problem.act);
    if (problem.act) {
      keep_.push_back(activation(problem.act));
      keep_.back().finalize();
      add_pointwise(keep_.back(), value, nullptr, y, true);
    }
    std::vector<cudnnBackendDescriptor_t> raw;
    for (const Descriptor& operation : operations_) raw.push_back(operation.get());
    graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<std::int64_t>(raw.size()),
               raw.data());
    graph_.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle);
    graph_.finalize();
  }
  const Descriptor& get() const { return graph_; }

 private:
  const Descriptor* add_convolution(const Dims& y, cudnnDataType_t sums) {
    const Convolution& p = problem_;
    keep_.push_back(tensor(kX, p.type, {p.n, p.c, p.h, p.w}));
    const std::size_t x = keep_.size() - 1;
    keep_.push_back(tensor(kW, p.type, {p.k, p.c / p.groups, p.r, p.s}));
    keep_.push_back(tensor(next_virtual_++, sums, y, true));
    Descriptor conv(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    conv.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2});
    conv.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, sums);
    conv.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
    conv.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, p.before);
    conv.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, p.after);
    conv.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, p.dilations);
    conv.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, p.strides);
    conv.finalize();
    Descriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, keep_[x]);
    operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, keep_[x + 1]);
    operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, keep_[x + 2]);
    operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, conv);
    operation.set_float(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1);
    operation.set_float(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0);
    operation.finalize();
    keep_.push_back(std::move(conv));
    operations_.push_back(std::move(operation));
    return &keep_[x + 2];
  }

  const Descriptor* add_binary(cudnnPointwiseMode_t mode, const Descriptor* x, Descriptor b, const Dims& y, bool last) {
    keep_.push_back(std::move(b));
    const Descriptor* other = &keep_.back();
    keep_.push_back(pointwise(mode));
    keep_.back().finalize();
    return add_pointwise(keep_.back(), x, other, y, last);
  }

  const Descriptor* add_binary(cudnnPointwiseMode_t mode, const Descriptor* x, const Descriptor& b, const Dims& y) {
    keep_.push_back(pointwise(mode));
    keep_.back().finalize();
    return add_pointwise(keep_.back(), x, &b, y, false);
  }

  const Descriptor* add_pointwise(const Descriptor& what, const Descriptor* x, const Descriptor* b, const Dims& y,
                                  bool last) {
    Descriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    keep_.push_back(last ? tensor(kY, problem_.result, y) : tensor(next_virtual_++, CUDNN_DATA_FLOAT, y, true));
    const Descriptor* made = &keep_.back();
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, what);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, *x);
    if (b != nullptr) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *b);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, *made);
    operation.finalize();
    operations_.push_back(std::move(operation));
    return made;
  }

  const Convolution& problem_;
  std::int64_t next_virtual_ = kFirstVirtual;
  static constexpr std::size_t kMost = 32;  ///< descriptors; the list must not move, as pointers go into it
  struct Kept : std::vector<Descriptor> {
    Kept() { reserve(kMost); }
  } keep_;
  std::vector<Descriptor> operations_;
  Descriptor graph_;
};

std::vector<Descriptor> descriptors(cudnnBackendDescriptorType_t type, std::size_t count) {
  std::vector<Descriptor> made;
  for (std::size_t i = 0; i < count; ++i) made.emplace_back(type);
  return made;
}

bool uses_tensor_cores(const Descriptor& engine) {
  std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
  std::int64_t count = 0;
  FOVEA_CUDNN(get_attribute(engine.get(), CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                            CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &count, notes.data()));
  return std::ranges::count(std::span(notes.data(), static_cast<std::size_t>(count)),
                            CUDNN_NUMERICAL_NOTE_TENSOR_CORE) > 0;
}

bool is_compiled_when_made(const Descriptor& engine) {
  std::array<cudnnBackendBehaviorNote_t, CUDNN_BEHAVIOR_NOTE_TYPE_COUNT> notes{};
  std::int64_t count = 0;
  FOVEA_CUDNN(get_attribute(engine.get(), CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE,
                            CUDNN_BEHAVIOR_NOTE_TYPE_COUNT, &count, notes.data()));
  return std::ranges::count(std::span(notes.data(), static_cast<std::size_t>(count)),
                            CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) > 0;
}

/// Which engines may be asked to run a problem. In f32 those that multiply in f32. cuDNN 9.19's precompiled ones fault
/// (on the host, in cudnnBackendExecute) where something of 8 bits is added to a product of 8 bits.
bool may_run(const Convolution& problem, const Descriptor& engine) {
  if (problem.type == CUDNN_DATA_FLOAT && !problem.tf32 && uses_tensor_cores(engine)) return false;
  return !problem.residual_scaled || is_compiled_when_made(engine);
}

/// Empty where the engine may not run.
Config config_of(const Descriptor& choice, const Convolution& problem) {
  std::vector<Descriptor> engine = descriptors(CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
  choice.fill(CUDNN_ATTR_ENGINECFG_ENGINE, engine);
  if (!may_run(problem, engine[0])) return {};
  Config config;
  config.values.emplace_back("engine", static_cast<int>(engine[0].integer(CUDNN_ATTR_ENGINE_GLOBAL_INDEX)));
  std::vector<Descriptor> knobs = descriptors(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, CUDNN_KNOB_TYPE_COUNTS);
  const std::size_t count = choice.fill(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, knobs);
  for (std::size_t i = 0; i < count; ++i) {
    cudnnBackendKnobType_t type{};
    std::int64_t one = 0;
    FOVEA_CUDNN(get_attribute(knobs[i].get(), CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &one, &type));
    config.values.emplace_back(fmt::format("k{}", static_cast<int>(type)),
                               static_cast<int>(knobs[i].integer(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE)));
  }
  return config;
}

/// `keep` holds what the result refers to.
Descriptor engine_config(const OperationGraph& graph, const Config& config, std::vector<Descriptor>& keep) {
  Descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  engine.set(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph.get());
  engine.set(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, std::int64_t{config.get("engine", 0)});
  engine.finalize();
  std::vector<cudnnBackendDescriptor_t> raw;
  for (const auto& [key, value] : config.values) {
    if (!key.starts_with('k')) continue;
    int number = 0;
    std::from_chars(key.data() + 1, key.data() + key.size(), number);
    const auto type = static_cast<cudnnBackendKnobType_t>(number);
    Descriptor knob(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
    knob.set(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &type);
    knob.set(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, std::int64_t{value});
    knob.finalize();
    raw.push_back(knob.get());
    keep.push_back(std::move(knob));
  }
  Descriptor made(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  made.set(CUDNN_ATTR_ENGINECFG_ENGINE, engine);
  if (!raw.empty())
    made.set(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<std::int64_t>(raw.size()),
             raw.data());
  made.finalize();
  keep.push_back(std::move(engine));
  return made;
}

Descriptor make_plan(cudnnHandle_t handle, const Convolution& problem, const Config& config) {
  const OperationGraph graph(handle, problem);
  std::vector<Descriptor> keep;
  const Descriptor chosen = engine_config(graph, config, keep);
  Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, handle);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, chosen);
  plan.finalize();
  return plan;
}

Descriptor restore_plan(cudnnHandle_t handle, std::string_view stored) {
  Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, handle);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, static_cast<std::int64_t>(stored.size()),
           stored.data());
  plan.finalize();
  return plan;
}

void ask(cudnnBackendHeurMode_t mode, const OperationGraph& graph, const Convolution& problem,
         std::vector<Config>& found) {
  constexpr std::size_t kMost = 24;
  try {
    Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.get());
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    heuristics.finalize();
    std::vector<Descriptor> choices = descriptors(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, kMost);
    const std::size_t count = heuristics.fill(CUDNN_ATTR_ENGINEHEUR_RESULTS, choices);
    for (std::size_t i = 0; i < std::min(count, kMost); ++i) {
      Config config = config_of(choices[i], problem);
      if (!config.values.empty() && std::ranges::find(found, config) == found.end()) found.push_back(std::move(config));
    }
  } catch (const Error&) {  // cuDNN has nothing for this mode
  }
}

}  // namespace

std::string key(const Convolution& p, const Config& config) {
  return fmt::format("{} {} | {} {} {} {} {} {} {} {} {} {} | {} | {} {} {} | {} {} {} | {}", static_cast<int>(p.type),
                     static_cast<int>(p.result), p.n, p.c, p.h, p.w, p.k, p.r, p.s, p.p, p.q, p.groups,
                     fmt::join(std::array{p.strides[0], p.strides[1], p.before[0], p.before[1], p.after[0], p.after[1],
                                          p.dilations[0], p.dilations[1]},
                               " "),
                     p.scaled, p.residual_scaled, p.residual ? static_cast<int>(*p.residual) : -1,
                     static_cast<int>(p.act.function), p.act.alpha, p.act.beta, config.str());
}

bool can_fuse(const Activation& act) {
  if (act.function == Function::kClip && act.alpha != 0) return false;
  return !act || std::ranges::find(kModes, act.function, &Mode::function) != kModes.end();
}

std::vector<Config> engines(cudnnHandle_t handle, const Convolution& problem) {
  std::vector<Config> found;
  try {
    const OperationGraph graph(handle, problem);
    ask(CUDNN_HEUR_MODE_A, graph, problem, found);
    ask(CUDNN_HEUR_MODE_FALLBACK, graph, problem, found);
  } catch (const Error&) {  // a combination that cuDNN does not describe
  }
  return found;
}

ConvolutionPlan::ConvolutionPlan(cudnnHandle_t handle, const Convolution& problem, const Config& config)
    : ConvolutionPlan(make_plan(handle, problem, config), problem) {}

ConvolutionPlan::ConvolutionPlan(cudnnHandle_t handle, const Convolution& problem, std::string_view stored)
    : ConvolutionPlan(restore_plan(handle, stored), problem) {}

ConvolutionPlan::ConvolutionPlan(Descriptor plan, const Convolution& problem)
    : plan_(std::move(plan)),
      scaled_(problem.scaled),
      residual_(problem.residual.has_value()),
      residual_scaled_(problem.residual_scaled) {
  workspace_ = static_cast<std::size_t>(plan_.integer(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
}

std::string ConvolutionPlan::stored() const {
  std::int64_t bytes = 0;
  FOVEA_CUDNN(
      get_attribute(plan_.get(), CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, 0, &bytes, nullptr));
  std::string made(static_cast<std::size_t>(bytes), '\0');
  FOVEA_CUDNN(get_attribute(plan_.get(), CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, bytes, &bytes,
                            made.data()));
  return made;
}

void ConvolutionPlan::run(cudnnHandle_t handle, const Pointers& at) const {
  std::vector<std::int64_t> ids = {kX, kW, kBias, kY};
  std::vector<void*> pointers = {const_cast<void*>(at.x), const_cast<void*>(at.w), const_cast<void*>(at.bias), at.y};
  if (scaled_) {
    ids.push_back(kScale);
    pointers.push_back(const_cast<void*>(at.scale));
  }
  if (residual_) {
    ids.push_back(kResidual);
    pointers.push_back(const_cast<void*>(at.residual));
  }
  if (residual_ && residual_scaled_) {
    ids.push_back(kResidualScale);
    pointers.push_back(const_cast<void*>(at.residual_scale));
  }
  Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids);
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, static_cast<std::int64_t>(pointers.size()),
           pointers.data());
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &at.workspace);
  pack.finalize();
  FOVEA_CUDNN(execute(handle, plan_.get(), pack.get()));
}

}  // namespace fovea::cuda::cudnn
