// A RED payload: its blocks lie within it, and written again they are the same bytes.
#include "lib/rtp/red.h"

#include <algorithm>
#include <vector>

#include "lib/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  const ByteView payload(data, size);
  const auto red = parse_red(payload);
  if (!red) return 0;
  size_t bytes = 1 + red->primary.payload.size();
  for (const RedBlock& block : red->earlier()) {
    EIR_CHECK(block.timestamp_offset <= kRedOffsetMax && block.payload_type < 128);
    bytes += 4 + block.payload.size();
  }
  EIR_CHECK(bytes == size && red->primary.payload_type < 128);
  std::vector<uint8_t> again(size);
  EIR_CHECK(write_red(again, red->earlier(), red->primary) == size);
  EIR_CHECK(std::equal(again.begin(), again.end(), payload.begin(), payload.end()));
  return 0;
}
