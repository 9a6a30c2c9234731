#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "backend/api/view.h"

namespace fovea::onednn {

/// oneDNN's words for ours. kUnsupported for a dtype that it has no word for, and for ranks past 6.
dnnl::memory::data_type data_type(DType dtype);
bool has_data_type(DType dtype);
dnnl::memory::dims dims(const Shape& shape);  ///< a scalar becomes {1}
dnnl::memory::desc desc(const OperandView& view);
dnnl::memory::desc plain_desc(DType dtype, const dnnl::memory::dims& dims);
dnnl::memory::desc any_desc(DType dtype, const dnnl::memory::dims& dims);  ///< the primitive chooses the format

/// Dimensions, strides and blocks as text: equal texts and sizes, equal meaning of the bytes.
std::string text(const dnnl::memory::desc& desc);

}  // namespace fovea::onednn
