// A retransmission: the original sequence number, and the packet built again from it.
#include "lib/rtp/rtx.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  const auto view = RtpPacketView::parse(ByteView(data, size));
  if (!view) return 0;
  const auto rtx = parse_rtx(*view);
  if (rtx.has_value() != (view->payload().size() >= kRtxHeaderSize)) std::abort();
  if (!rtx) return 0;
  if (view->is_padding_only()) std::abort();
  std::vector<uint8_t> payload(kRtxHeaderSize + rtx->payload.size());
  if (write_rtx(payload, rtx->original_sequence_number) != kRtxHeaderSize) std::abort();
  std::copy(rtx->payload.begin(), rtx->payload.end(), payload.begin() + kRtxHeaderSize);
  if (!std::equal(payload.begin(), payload.end(), view->payload().begin(), view->payload().end())) std::abort();
  return 0;
}
