#pragma once

#include <memory>

#include "data/synth/dice.h"
#include "data/synth/paint.h"

namespace fovea::synth {

/// An animal that is decided on but not yet placed: figure out its extent, then paint it in a frame that makes it fit.
class Animal {
 public:
  virtual ~Animal() = default;
  virtual Box extent() const = 0;           ///< in its own units, y upwards
  virtual bool grounded() const = 0;        ///< stands on extent().low.y
  virtual float tilt() const { return 0; }  ///< turn of the whole figure, radians
  virtual void paint(Painter& painter, const Frame& frame) const = 0;
};

std::unique_ptr<Animal> make_cat(Dice& dice);
std::unique_ptr<Animal> make_dog(Dice& dice);
std::unique_ptr<Animal> make_bird(Dice& dice);

}  // namespace fovea::synth
