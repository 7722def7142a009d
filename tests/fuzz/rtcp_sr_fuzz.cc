// Sender reports: what was read is written and must read the same.
#include <array>
#include <vector>

#include "lib/rtp/rtcp_reports.h"
#include "tests/fuzz/rtcp_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  fuzz::for_each_rtcp_block(ByteView(data, size), RtcpType::kSenderReport, {}, [](const RtcpBlock& block) {
    const auto report = SenderReport::parse(block);
    if (!report) return;
    fuzz::require(report->blocks.size() == block.count);
    const std::vector<ReportBlock> blocks = [&] {
      std::vector<ReportBlock> all;
      for (const ReportBlock each : report->blocks) all.push_back(each);
      return all;
    }();
    std::array<uint8_t, 1024> buffer{};
    ByteWriter writer(buffer);
    fuzz::require(write_sender_report(writer, report->info, blocks));
    const auto again = SenderReport::parse(fuzz::only_block(writer.written()));
    fuzz::require(again && again->info == report->info && again->blocks.size() == blocks.size());
    for (size_t i = 0; i < blocks.size(); ++i) fuzz::require(again->blocks[i] == blocks[i]);
  });
  return 0;
}
