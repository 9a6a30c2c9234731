#pragma once

#include "engine/engine.h"

namespace fovea {

/// Everything that a hostile file with right checksums could get wrong and that the executor relies on: one input and
/// one output of the kind that the info says, profiles ascending and alike, steps in an order that makes every value
/// before it is read, layouts that fit shapes, places inside an arena no larger than its contents, no two live values
/// in the same bytes, blobs that exist. kCorruptFile naming plan and value or step. What a tactic makes of a view and
/// its packed weights is the tactic's to check, when its step is made.
void validate(const Engine& engine);

}  // namespace fovea
