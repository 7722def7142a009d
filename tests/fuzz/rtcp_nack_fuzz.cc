// Generic NACK: the numbers that were read are packed again, over small messages, and must come out the same.
#include <algorithm>
#include <array>
#include <vector>

#include "lib/rtp/rtcp_feedback.h"
#include "tests/fuzz/rtcp_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  fuzz::for_each_rtcp_block(ByteView(data, size), RtcpType::kTransportFeedback, kFmtNack, [](const RtcpBlock& block) {
    const auto nack = Nack::parse(block);
    if (!nack) return;
    std::vector<uint16_t> numbers;
    nack->for_each([&](uint16_t number) { numbers.push_back(number); });
    fuzz::require(numbers.size() >= nack->items.size() && numbers.size() <= 17 * nack->items.size());

    // Writers are given ascending numbers without repetition.
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::vector<uint16_t> again;
    while (again.size() < numbers.size()) {
      std::array<uint8_t, 50> buffer{};
      ByteWriter writer(buffer);
      const size_t named = write_nack(writer, nack->ssrcs, std::span(numbers).subspan(again.size()));
      fuzz::require(named > 0);
      const auto read = Nack::parse(fuzz::only_block(writer.written()));
      fuzz::require(read && read->ssrcs == nack->ssrcs);
      const size_t before = again.size();
      read->for_each([&](uint16_t number) { again.push_back(number); });
      fuzz::require(again.size() == before + named);
    }
    fuzz::require(again == numbers);
  });
  return 0;
}
