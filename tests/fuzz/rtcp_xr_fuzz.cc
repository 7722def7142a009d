// Extended reports: what was read is written and must read the same.
#include <array>
#include <vector>

#include "lib/rtp/rtcp_xr.h"
#include "tests/fuzz/rtcp_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  fuzz::for_each_rtcp_block(ByteView(data, size), RtcpType::kExtendedReport, 0, [](const RtcpBlock& block) {
    const auto report = ExtendedReport::parse(block);
    if (!report) return;
    if (report->reference_time) {
      std::array<uint8_t, 20> buffer{};
      ByteWriter writer(buffer);
      fuzz::require(write_xr_reference_time(writer, report->sender, *report->reference_time));
      fuzz::require(ExtendedReport::parse(fuzz::only_block(buffer))->reference_time == report->reference_time);
    }
    std::vector<DlrrItem> items;
    for (const DlrrItem item : report->dlrr) items.push_back(item);
    std::vector<uint8_t> buffer(12 + items.size() * DlrrItem::kWireSize);
    ByteWriter writer(buffer);
    fuzz::require(write_xr_dlrr(writer, report->sender, items));
    const auto again = ExtendedReport::parse(fuzz::only_block(writer.written()));
    fuzz::require(again && again->sender == report->sender && again->dlrr.size() == items.size());
    for (size_t i = 0; i < items.size(); ++i) fuzz::require(again->dlrr[i] == items[i]);
  });
  return 0;
}
