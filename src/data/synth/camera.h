#pragma once

#include "data/synth/canvas.h"
#include "data/synth/dice.h"
#include "image/image.h"

namespace fovea::synth {

/// Exposure, colour temperature, gradient of light, vignette, defocus and sensor noise; then 8 bits. Takes an opaque
/// canvas.
Image photograph(Canvas& canvas, Dice& dice);

}  // namespace fovea::synth
