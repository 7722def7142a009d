// link: eir_bench
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "bench/janus_messages.h"
#include "lib/base/check.h"

// Whatever Janus says is read or refused with a reason; what is read can be used in the next request.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using eir::bench::JanusMessage;
  try {
    const JanusMessage message = eir::bench::parse_janus_message({reinterpret_cast<const char*>(data), size});
    EIR_CHECK(!message.name.empty());
    EIR_CHECK(message.kind != JanusMessage::Kind::kOther || message.name != "error");
    const eir::bench::JanusAddress address{message.id, message.feed};
    EIR_CHECK(!eir::bench::janus_publish(address, message.transaction, 1, message.sdp).empty());
  } catch (const std::runtime_error& error) {
    EIR_CHECK(std::string_view(error.what()).starts_with("Janus' message: "));
  }
  return 0;
}
