#pragma once

#include <memory>

#include "backend/api/tactic.h"
#include "backend/cpu/blob.h"
#include "backend/cpu/onednn/offer.h"

namespace fovea::onednn {

/// A primitive with its arguments bound: weights to the blob, in place; activations anew on every run. Concurrent runs
/// each take their own set of oneDNN memory objects from a pool, which grows to the largest number of concurrent runs;
/// nothing else is allocated by Fovea.
std::unique_ptr<Step> make_primitive_step(const std::shared_ptr<Offer>& offer, Implementation& chosen,
                                          const cpu::BlobReader& blob);

}  // namespace fovea::onednn
