// link: eir_channel
#include <cstdint>
#include <string_view>
#include <variant>

#include "lib/base/check.h"
#include "server/channel/frame.h"
#include "server/channel/messages.h"
#include "server/channel/start.h"

using namespace eir::channel;  // NOLINT(google-build-using-namespace): one function, one namespace

// As one stream of frames, and as the JSON of one message. What is accepted is written and read again to the same text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  FrameReader reader;
  reader.append(text);
  while (const auto frame = reader.next()) {
    if (const auto message = decode(frame->json)) EIR_CHECK(decode(encode(*message)).has_value());
  }
  const auto message = decode(text);
  if (message) {
    const std::string again = encode(*message);
    const auto second = decode(again);
    EIR_CHECK(second.has_value());
    // Boost.JSON reads a number of many digits to within one unit in its last place: counters may move by that much.
    const auto* event = std::get_if<Event>(&message->body);
    const bool has_numbers = event != nullptr && std::holds_alternative<Counters>(*event);
    EIR_CHECK(has_numbers || encode(*second) == again);
    EIR_CHECK(!kind_name(*second).empty());
  }
  if (const auto start = parse_worker_start(text)) EIR_CHECK(parse_worker_start(to_json(*start)).has_value());
  if (const auto start = parse_control_start(text)) EIR_CHECK(parse_control_start(to_json(*start)).has_value());
  return 0;
}
