// StunMessage::parse over any bytes, all that it accepted read, and what the writers make of it parsed again.
#include <array>
#include <cstdlib>
#include <string>

#include "lib/transport/stun.h"

namespace {

using namespace eir;  // a program of one file

void require(bool holds) {
  if (!holds) std::abort();
}

void write_back(const StunMessage& message, StunKey& key) {
  std::array<uint8_t, 1024> buffer{};
  size_t size = write_binding_request({.transaction_id = message.transaction_id(),
                                       .username = message.username(),
                                       .priority = message.priority().value_or(0),
                                       .tie_breaker = message.ice_controlling().value_or(0),
                                       .use_candidate = message.use_candidate()},
                                      key, buffer);
  const auto request = StunMessage::parse(ByteView(buffer).first(size));
  require(request && request->verify_integrity(key) && request->has_fingerprint());
  require(request->username() == message.username() && request->use_candidate() == message.use_candidate());

  const SocketAddress mapped = message.xor_mapped_address().value_or(SocketAddress{});
  size = write_binding_success(message.transaction_id(), mapped, key, buffer);
  const auto success = StunMessage::parse(ByteView(buffer).first(size));
  require(success && success->xor_mapped_address() == mapped && success->verify_integrity(key));

  size = write_binding_error({message.transaction_id(), StunErrorCode::kUnknownAttribute, message.unknown_attributes()},
                             key, buffer);
  const auto error = StunMessage::parse(ByteView(buffer).first(size));
  require(error && error->error_code() == 420 && error->verify_integrity(key));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  StunKey key("VOkJxbRl1RmTxUk/WvJxBt");
  const auto message = StunMessage::parse({data, size});
  if (!message) return 0;
  require(looks_like_stun(message->bytes()) && message->size() == size);
  require(message->username().size() <= StunMessage::kUsernameBytesMax);
  require(message->username_receiver().size() + message->username_sender().size() <= message->username().size());
  require(message->unknown_attributes().size() <= StunMessage::kUnknownAttributesMax);
  const uint16_t error_code = message->error_code().value_or(300);
  require(error_code >= 300 && error_code < 700);
  require(message->has_integrity() || !message->verify_integrity(key));
  message->verify_integrity(key);
  write_back(*message, key);
  return 0;
}
