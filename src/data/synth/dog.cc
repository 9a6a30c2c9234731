#include <array>

#include "data/synth/animals.h"
#include "data/synth/face.h"
#include "data/synth/quadruped.h"

namespace fovea::synth {
namespace {

constexpr CoatHabits kHabits = {0.5F, 0, 0.2F, 0.1F, 0.2F, 0, 0.55F, 0.2F, 0.045F, {4, 6, 7, 8, 6, 10}};

class Dog final : public Animal {
 public:
  explicit Dog(Dice& dice)
      : coat_(draw_coat(dice, kHabits)),
        stance_(take_stance(dice, {dice.range(0.8F, 1.05F), dice.range(0.22F, 0.28F), dice.range(0.42F, 0.58F),
                                   dice.range(0.07F, 0.09F), dice.range(0.34F, 0.44F), dice.range(0.25F, 0.31F)})),
        pale_parts_(dice.chance(0.5F)),
        collar_(dice.chance(0.7F)),
        collar_color_(draw_vivid(dice)),
        profile_(has_side() && dice.chance(0.5F)),
        floppy_(dice.chance(0.75F)),
        tongue_(dice.chance(0.9F)),
        turn_(dice.range(-0.35F, 0.6F)),
        tilt_(dice.range(-0.2F, 0.2F)),
        snout_(dice.range(0.8F, 1.15F)),
        ear_(dice.range(0.8F, 1.15F)),
        eye_(dice.jitter({0.22F, 0.12F, 0.05F}, 0.05F)),
        tail_bend_(dice.range(-1, 1)),
        bushy_(dice.range(0.6F, 1.5F)) {
    ear_skin_ = dice.chance(0.5F) ? coat_.dark : coat_.body;
    if (dice.chance(0.3F)) ear_skin_.base = coat_.body.mark;
    ear_skin_.pattern = Pattern::kPlain;
    ear_skin_.round = 0.25F;
    ear_skin_.grain_angle = 1.4F;
    ear_skin_.grain_length *= 3;
    ear_skin_.fringe *= 3;
    ear_skin_.shadow = 0.2F;
  }

  Box extent() const override {
    Box box = stance_.extent;
    if (profile_) box.include(stance_.head + Vec2{stance_.build.head * 1.3F, 0}, 0.1F);
    return box;
  }
  bool grounded() const override { return stance_.posture != Posture::kPortrait; }

  void paint(Painter& painter, const Frame& frame) const override {
    if (grounded()) paint_tail(painter, frame);
    paint_body(painter, frame, stance_, coat_, pale_parts_);
    if (collar_) paint_collar(painter, frame, stance_, collar_color_);
    const Face face{frame.child(stance_.head, stance_.build.head, tilt_), turn_};
    if (profile_) {
      paint_profile(painter, face.frame);
    } else {
      paint_front(painter, face);
    }
  }

 private:
  bool has_side() const { return stance_.posture != Posture::kSitFront && stance_.posture != Posture::kPortrait; }

  Surface head_skin(const Surface& from) const {
    Surface skin = from;
    skin.round = 0.45F;
    skin.frequency *= stance_.build.head * 1.2F;
    skin.grain_length *= 3;
    skin.fringe *= 2.5F;
    skin.shadow = 0.25F;
    return skin;
  }

  void paint_tail(Painter& painter, const Frame& frame) const {
    Surface skin = coat_.body;
    skin.round = 0.07F;
    skin.fringe *= 1.5F * bushy_;
    const Vec2 root = stance_.tail + (stance_.posture == Posture::kStand ? Vec2{0.08F, 0.06F} : Vec2{0.05F, 0.08F});
    const float side = stance_.posture == Posture::kSitFront ? 1.0F : -1.0F;
    const float up = stance_.posture == Posture::kStand ? 0.35F + 0.15F * tail_bend_ : 0.12F;
    painter.fill(Shape(frame).tube(root, root + Vec2{side * 0.25F, 0.02F}, root + Vec2{side * 0.32F, up},
                                   0.07F * bushy_, 0.035F * bushy_),
                 skin);
  }

  void paint_nose(Painter& painter, const Frame& frame, Vec2 at, float size) const {
    Surface nose = Surface::plain({0.07F, 0.06F, 0.06F});
    nose.round = 0.12F;
    nose.shine = 0.5F;
    nose.shadow = 0.1F;
    painter.fill(Shape(frame, 0.06F)
                     .ellipse(at, {0.21F * size, 0.13F * size})
                     .ellipse(at + Vec2{0, -0.08F * size}, {0.1F * size, 0.1F * size}),
                 nose);
  }

  void paint_tongue(Painter& painter, const Frame& frame, Vec2 from, Vec2 to) const {
    Surface tongue = Surface::plain({0.87F, 0.42F, 0.46F});
    tongue.round = 0.12F;
    tongue.shine = 0.15F;
    painter.fill(Shape(frame).limb(from, to, 0.15F, 0.17F), tongue);
    painter.stroke(frame, from, mix(from, to, 0.5F), to, 0.02F, 0.02F, {0.6F, 0.22F, 0.27F}, 0.7F);
  }

  void paint_front(Painter& painter, const Face& face) const {
    if (!floppy_) paint_pricked_ears(painter, face);
    painter.fill(Shape(face.frame, 0.3F)
                     .ellipse(face.at(0, 0.12F, 0), {0.78F, 0.76F})
                     .ellipse(face.at(0, -0.3F, 0.3F), {0.62F, 0.5F}),
                 head_skin(coat_.body));
    if (floppy_) paint_hanging_ears(painter, face);
    const float drop = 0.62F * snout_;
    if (tongue_)
      paint_tongue(painter, face.frame, face.at(0.04F, -drop - 0.15F, 0.85F), face.at(0.08F, -drop - 0.48F, 0.9F));
    Surface muzzle = head_skin(pale_parts_ ? coat_.pale : coat_.body);
    muzzle.pattern = Pattern::kPlain;
    muzzle.round = 0.35F;
    muzzle.shadow = 0.12F;
    painter.fill(Shape(face.frame, 0.2F)
                     .limb(face.at(0, 0.05F, 0.45F), face.at(0, -0.4F, 0.95F), 0.2F, 0.34F)
                     .ellipse(face.at(-0.2F, -drop, 0.85F), {0.3F, 0.26F})
                     .ellipse(face.at(0.2F, -drop, 0.85F), {0.3F, 0.26F}),
                 muzzle);
    const Rgb line = coat_.body.base * 0.2F;
    const Vec2 lip = face.at(0, -drop - 0.1F, 1.05F);
    painter.stroke(face.frame, face.at(0, -0.4F, 1.05F), lip, lip, 0.025F, 0.025F, line, 0.8F);
    for (const float side : {-1.0F, 1.0F}) {
      painter.stroke(face.frame, lip, face.at(side * 0.2F, -drop - 0.32F, 0.95F),
                     face.at(side * 0.46F, -drop - 0.05F, 0.75F), 0.035F, 0.025F, line, 0.8F);
      const Eye eye{face.at(side * 0.36F, 0.2F, 0.5F), {0.13F, 0.13F}, eye_, {0.08F, 0.08F}};
      paint_eye(painter, face.frame, eye, line);
    }
    paint_nose(painter, face.frame, face.at(0, -0.32F, 1.05F), 1.1F);
  }

  void paint_pricked_ears(Painter& painter, const Face& face) const {
    for (const float side : {-1.0F, 1.0F}) {
      const Vec2 outer = face.at(side * 0.72F, 0.35F, 0.1F);
      const Vec2 inner = face.at(side * 0.2F, 0.78F, 0.15F);
      const Vec2 tip = face.at(side * 0.66F, 0.6F + 0.75F * ear_, 0.1F);
      painter.fill(Shape(face.frame).triangle(outer, tip, inner, 0.1F), ear_skin_);
      Surface inside = Surface::plain(mix(ear_skin_.base * 0.6F, Rgb{0.7F, 0.48F, 0.42F}, 0.4F));
      inside.softness = 2;
      const Vec2 middle = mix(mix(outer, inner, 0.5F), tip, 0.3F);
      painter.fill(
          Shape(face.frame).triangle(mix(outer, middle, 0.4F), mix(tip, middle, 0.25F), mix(inner, middle, 0.4F)),
          inside);
    }
  }

  void paint_hanging_ears(Painter& painter, const Face& face) const {
    for (const float side : {-1.0F, 1.0F})
      painter.fill(Shape(face.frame, 0.1F)
                       .tube(face.at(side * 0.5F, 0.68F, 0.1F), face.at(side * 1.05F, 0.6F, 0.05F),
                             face.at(side * 0.92F, 0.3F - 0.75F * ear_, 0.1F), 0.16F, 0.28F),
                   ear_skin_);
  }

  void paint_profile(Painter& painter, const Frame& frame) const {
    const Surface skin = head_skin(coat_.body);
    const Vec2 tip{0.55F + 0.62F * snout_, -0.2F};
    if (!floppy_)
      painter.fill(Shape(frame).triangle({-0.5F, 0.4F}, {-0.35F, 0.6F + 0.7F * ear_}, {0.1F, 0.6F}, 0.08F), ear_skin_);
    const Vec2 jaw = tip + Vec2{-0.2F, -0.32F};
    if (tongue_) {
      Surface mouth = Surface::plain({0.3F, 0.1F, 0.1F});
      painter.fill(Shape(frame).triangle({0.3F, -0.3F}, tip + Vec2{-0.05F, -0.1F}, jaw, 0.05F), mouth);
      paint_tongue(painter, frame, jaw + Vec2{-0.1F, 0.12F}, jaw + Vec2{0.12F, -0.3F});
    }
    painter.fill(Shape(frame, 0.1F).limb({0.05F, -0.35F}, tongue_ ? jaw : tip + Vec2{-0.12F, -0.16F}, 0.3F, 0.1F),
                 skin);
    painter.fill(Shape(frame, 0.25F).ellipse({0, 0.05F}, {0.76F, 0.7F}).limb({0.3F, -0.08F}, tip, 0.42F, 0.2F), skin);
    if (pale_parts_) {
      Surface blaze = head_skin(coat_.pale);
      blaze.atop = true;
      blaze.softness = 0.12F * frame.scale();
      painter.fill(Shape(frame).limb({0.6F, -0.28F}, tip + Vec2{0, -0.08F}, 0.22F, 0.14F), blaze);
    }
    const Rgb line = coat_.body.base * 0.2F;
    painter.stroke(frame, tip + Vec2{0.1F, -0.13F}, tip + Vec2{-0.3F, -0.26F}, {0.3F, -0.36F}, 0.03F, 0.025F, line,
                   0.85F);
    paint_nose(painter, frame, tip + Vec2{0.14F, 0.1F}, 0.85F);
    paint_eye(painter, frame, {{0.3F, 0.2F}, {0.12F, 0.12F}, eye_, {0.08F, 0.08F}, 0, {0.02F, 0}}, line);
    if (floppy_)
      painter.fill(Shape(frame).tube({-0.2F, 0.48F}, {-0.6F, 0.4F}, {-0.42F, 0.2F - 0.75F * ear_}, 0.16F, 0.27F),
                   ear_skin_);
  }

  Coat coat_;
  Stance stance_;
  bool pale_parts_;
  bool collar_;
  Rgb collar_color_;
  bool profile_, floppy_, tongue_;
  float turn_, tilt_, snout_, ear_;
  Rgb eye_;
  float tail_bend_, bushy_;
  Surface ear_skin_;
};

}  // namespace

std::unique_ptr<Animal> make_dog(Dice& dice) { return std::make_unique<Dog>(dice); }

}  // namespace fovea::synth
