#include "graph/ops/window.h"

#include "graph/ops/rules.h"

namespace fovea {

std::int64_t Window::places(std::string_view op, std::int64_t size) const {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  expect(kernel > 0 && kernel < kMost, op, "kernel size {}, expected at least 1", kernel);
  expect(stride > 0, op, "stride {}, expected at least 1", stride);
  expect(dilation > 0, op, "dilation {}, expected at least 1", dilation);
  expect(before >= 0 && after >= 0, op, "padding {} and {}, expected none below 0", before, after);
  const std::int64_t padded = size + before + after;
  expect(extent() <= padded, op, "kernel of {} (dilated) is larger than the padded input of {}", extent(), padded);
  const std::int64_t room = padded - extent();
  std::int64_t count = (ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
  if (ceil_mode && (count - 1) * stride >= size + before) --count;
  return count;
}

}  // namespace fovea
