#pragma once

#include <memory>

#include "backend/api/photo_decoder.h"

namespace fovea::cuda::nvjpeg {

/// nvJPEG and the resize kernel on the thread's current device. Null where there is no nvJPEG, which is logged once.
std::unique_ptr<PhotoDecoder> make_photo_decoder(const PreprocessSpec& spec, const DecodeLimits& limits);

}  // namespace fovea::cuda::nvjpeg
