#include <array>

#include "data/synth/animals.h"
#include "data/synth/face.h"
#include "data/synth/quadruped.h"

namespace fovea::synth {
namespace {

constexpr CoatHabits kHabits = {0.03F, 0.95F, 0.02F, 0, 0, 0, 0.08F, 0.09F, 0.006F, {1, 2, 5, 1, 2, 9}};
constexpr std::array<Rgb, 4> kIrises = {
    {{0.80F, 0.65F, 0.15F}, {0.50F, 0.68F, 0.25F}, {0.40F, 0.62F, 0.75F}, {0.82F, 0.48F, 0.12F}}};

class Cat final : public Animal {
 public:
  explicit Cat(Dice& dice)
      : coat_(draw_coat(dice, kHabits)),
        stance_(take_stance(dice, {dice.range(0.85F, 1.05F), dice.range(0.19F, 0.23F), dice.range(0.38F, 0.46F),
                                   dice.range(0.055F, 0.07F), dice.range(0.3F, 0.38F), dice.range(0.27F, 0.32F)})),
        pale_parts_(dice.chance(0.5F)),
        collar_(dice.chance(0.15F)),
        collar_color_(draw_vivid(dice)),
        turn_(dice.range(-0.45F, 0.55F)),
        tilt_(dice.range(-0.2F, 0.2F)),
        iris_(dice.jitter(dice.pick(kIrises), 0.06F)),
        pupil_(dice.range(0.04F, 0.15F)),
        lid_(dice.chance(0.12F) ? 0.85F : dice.range(0, 0.3F)),
        nose_(dice.chance(0.8F) ? Rgb{0.85F, 0.48F, 0.46F} : Rgb{0.24F, 0.15F, 0.14F}),
        ear_(dice.range(0.5F, 0.75F)),
        tail_bend_(dice.range(-1, 1)),
        tail_up_(dice.range(0, 1)) {}

  Box extent() const override { return stance_.extent; }
  bool grounded() const override { return stance_.posture != Posture::kPortrait; }

  void paint(Painter& painter, const Frame& frame) const override {
    if (grounded()) paint_tail(painter, frame);
    paint_body(painter, frame, stance_, coat_, pale_parts_);
    if (collar_) paint_collar(painter, frame, stance_, collar_color_);
    const Face face{frame.child(stance_.head, stance_.build.head, tilt_), turn_};
    paint_ears(painter, face);
    paint_skull(painter, face);
    paint_eyes(painter, face);
    paint_muzzle(painter, face);
    paint_whiskers(painter, face);
  }

 private:
  void paint_tail(Painter& painter, const Frame& frame) const {
    Surface skin = coat_.body;
    skin.round = 0.06F;
    skin.frequency *= 1.4F;
    const Vec2 root = stance_.tail;
    const float side = stance_.posture == Posture::kSitFront ? 1.0F : -1.0F;
    const bool raised = stance_.posture == Posture::kStand && tail_up_ > 0.35F;
    Shape tail(frame, 0.03F);
    if (raised) {
      const Vec2 middle = root + Vec2{-0.22F, 0.38F};
      tail.tube(root, root + Vec2{-0.28F, 0.05F}, middle, 0.065F, 0.055F);
      tail.tube(middle, middle + Vec2{0.05F, 0.28F}, middle + Vec2{0.2F * tail_bend_, 0.42F}, 0.055F, 0.04F);
    } else {
      const float ground = std::max(0.05F, root.y - 0.35F);
      const Vec2 end{root.x + side * 0.55F, ground + 0.12F + 0.15F * tail_bend_};
      tail.tube(root, {root.x + side * 0.25F, ground - 0.05F}, end, 0.07F, 0.045F);
    }
    painter.fill(tail, skin);
  }

  void paint_ears(Painter& painter, const Face& face) const {
    for (const float side : {-1.0F, 1.0F}) {
      const Vec2 tip = face.at(side * 0.78F, 0.75F + ear_, 0.15F);
      const Vec2 outer = face.at(side * 0.92F, 0.25F, 0.1F);
      const Vec2 inner = face.at(side * 0.18F, 0.72F, 0.3F);
      Surface back = coat_.body;
      back.pattern = Pattern::kPlain;
      back.fringe *= 0.5F;
      painter.fill(Shape(face.frame).triangle(outer, tip, inner, 0.06F), back);
      Surface pink = Surface::plain(mix(Rgb{0.88F, 0.60F, 0.57F}, coat_.body.base, 0.2F));
      pink.softness = 1.5F;
      const Vec2 middle = mix(mix(outer, inner, 0.5F), tip, 0.25F);
      painter.fill(
          Shape(face.frame).triangle(mix(outer, middle, 0.35F), mix(tip, middle, 0.3F), mix(inner, middle, 0.4F)),
          pink);
    }
  }

  void paint_skull(Painter& painter, const Face& face) const {
    Surface skin = coat_.body;
    skin.round = 0.55F;
    skin.frequency *= stance_.build.head * 1.4F;
    skin.grain_length *= 3;
    skin.fringe *= 3;
    skin.shadow = 0.3F;
    painter.fill(Shape(face.frame, 0.3F)
                     .ellipse(face.at(0, 0.05F, 0), {0.98F, 0.84F})
                     .ellipse(face.at(-0.52F, -0.28F, 0.1F), {0.48F, 0.42F})
                     .ellipse(face.at(0.52F, -0.28F, 0.1F), {0.48F, 0.42F}),
                 skin);
    if (coat_.body.pattern != Pattern::kStripes) return;
    for (const float x : {-0.3F, -0.1F, 0.1F, 0.3F})  // the M of a tabby
      painter.stroke(face.frame, face.at(x * 0.8F, 0.36F), face.at(x, 0.55F, 0.5F), face.at(x * 1.5F, 0.82F, 0.3F),
                     0.05F, 0.05F, coat_.body.mark, 0.7F);
  }

  void paint_eyes(Painter& painter, const Face& face) const {
    const Rgb rim = coat_.body.base * 0.3F;
    for (const float side : {-1.0F, 1.0F}) {
      Eye eye{face.at(side * 0.42F, 0.1F, 0.5F), {0.23F, 0.2F}, iris_, {pupil_, 0.19F}, lid_, {0.05F * turn_, 0}};
      paint_eye(painter, face.frame, eye, rim);
    }
  }

  void paint_muzzle(Painter& painter, const Face& face) const {
    Surface pad = coat_.pale;
    pad.round = 0.25F;
    pad.grain_length *= 3;
    pad.fringe = 0;
    pad.softness = 0.1F * face.frame.scale();
    pad.shadow = 0;
    painter.fill(Shape(face.frame, 0.1F)
                     .ellipse(face.at(-0.2F, -0.42F, 0.75F), {0.29F, 0.22F})
                     .ellipse(face.at(0.2F, -0.42F, 0.75F), {0.29F, 0.22F})
                     .ellipse(face.at(0, -0.6F, 0.65F), {0.2F, 0.16F}),
                 pad);
    const Rgb line = coat_.body.base * 0.25F;
    const Vec2 lip = face.at(0, -0.42F, 0.85F);
    painter.stroke(face.frame, face.at(0, -0.25F, 0.85F), lip, lip, 0.025F, 0.025F, line, 0.8F);
    for (const float side : {-1.0F, 1.0F})
      painter.stroke(face.frame, lip, face.at(side * 0.12F, -0.58F, 0.8F), face.at(side * 0.3F, -0.5F, 0.7F), 0.03F,
                     0.02F, line, 0.8F);
    Surface nose = Surface::plain(nose_);
    nose.shine = 0.3F;
    painter.fill(
        Shape(face.frame)
            .triangle(face.at(-0.12F, -0.17F, 0.85F), face.at(0.12F, -0.17F, 0.85F), face.at(0, -0.28F, 0.88F), 0.035F),
        nose);
  }

  void paint_whiskers(Painter& painter, const Face& face) const {
    const bool light = luminance(coat_.pale.base) < 0.8F || luminance(coat_.body.base) < 0.5F;
    const Rgb hair = light ? Rgb{0.95F, 0.94F, 0.92F} : Rgb{0.25F, 0.22F, 0.2F};
    for (const float side : {-1.0F, 1.0F})
      for (const float row : {-0.14F, 0.0F, 0.14F})
        painter.stroke(face.frame, face.at(side * 0.32F, -0.42F + row * 0.5F, 0.7F),
                       face.at(side * 0.9F, -0.36F + row * 1.4F, 0.5F), face.at(side * 1.5F, -0.5F + row * 2.6F, 0.3F),
                       0.022F, 0.008F, hair, 0.9F);
  }

  Coat coat_;
  Stance stance_;
  bool pale_parts_;
  bool collar_;
  Rgb collar_color_;
  float turn_, tilt_;
  Rgb iris_;
  float pupil_, lid_;
  Rgb nose_;
  float ear_;
  float tail_bend_, tail_up_;
};

}  // namespace

std::unique_ptr<Animal> make_cat(Dice& dice) { return std::make_unique<Cat>(dice); }

}  // namespace fovea::synth
