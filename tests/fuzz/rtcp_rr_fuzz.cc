// Receiver reports: what was read is written and must read the same.
#include <array>
#include <vector>

#include "lib/rtp/rtcp_reports.h"
#include "tests/fuzz/rtcp_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  fuzz::for_each_rtcp_block(ByteView(data, size), RtcpType::kReceiverReport, {}, [](const RtcpBlock& block) {
    const auto report = ReceiverReport::parse(block);
    if (!report) return;
    std::vector<ReportBlock> blocks;
    for (const ReportBlock each : report->blocks) {
      fuzz::require(each.cumulative_lost >= -0x800000 && each.cumulative_lost <= 0x7fffff);
      blocks.push_back(each);
    }
    fuzz::require(blocks.size() == block.count);
    std::array<uint8_t, 1024> buffer{};
    ByteWriter writer(buffer);
    fuzz::require(write_receiver_report(writer, report->sender, blocks));
    const auto again = ReceiverReport::parse(fuzz::only_block(writer.written()));
    fuzz::require(again && again->sender == report->sender && again->blocks.size() == blocks.size());
    for (size_t i = 0; i < blocks.size(); ++i) fuzz::require(again->blocks[i] == blocks[i]);
  });
  return 0;
}
