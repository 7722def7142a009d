#include "lib/transport/stun.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lib/base/random.h"

namespace eir {
namespace {

// RFC 5769: all three vectors share password and transaction id.
constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt";
constexpr StunTransactionId kTransactionId = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

// RFC 5769 section 2.1.
const std::vector<uint8_t> kSampleRequest = {
    0x00, 0x01, 0x00, 0x58,                                                  // Binding request, 88 bytes
    0x21, 0x12, 0xa4, 0x42,                                                  // magic cookie
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,  // transaction id
    0x80, 0x22, 0x00, 0x10,                                                  // SOFTWARE, "STUN test client"
    0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74,  //
    0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,                                                  // PRIORITY
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36,                          // ICE-CONTROLLED
    0x00, 0x06, 0x00, 0x09,                                                  // USERNAME, "evtj:h6vY", padded by spaces
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20,  //
    0x00, 0x08, 0x00, 0x14,                                                  // MESSAGE-INTEGRITY
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71,
    0xa2,                                            //
    0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,  // FINGERPRINT
};

// RFC 5769 section 2.2.
const std::vector<uint8_t> kSampleIpv4Response = {
    0x01, 0x01, 0x00, 0x3c,                                                  // Binding success, 60 bytes
    0x21, 0x12, 0xa4, 0x42,                                                  //
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,  //
    0x80, 0x22, 0x00, 0x0b,                                                  // SOFTWARE, "test vector"
    0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20,  //
    0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,  // XOR-MAPPED-ADDRESS 192.0.2.1:32853
    0x00, 0x08, 0x00, 0x14,                                                  // MESSAGE-INTEGRITY
    0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7,
    0xd7,                                            //
    0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,  // FINGERPRINT
};

// RFC 5769 section 2.3.
const std::vector<uint8_t> kSampleIpv6Response = {
    0x01, 0x01, 0x00, 0x48,                                                  // Binding success, 72 bytes
    0x21, 0x12, 0xa4, 0x42,                                                  //
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,  //
    0x80, 0x22, 0x00, 0x0b,                                                  // SOFTWARE, "test vector"
    0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20,  //
    0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47,                          // XOR-MAPPED-ADDRESS, port 32853,
    0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79,                          // 2001:db8:1234:5678:11:2233:4455:6677
    0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9,                          //
    0x00, 0x08, 0x00, 0x14,                                                  // MESSAGE-INTEGRITY
    0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed,
    0x41,                                            //
    0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c,  // FINGERPRINT
};

// A header for a message whose attributes the test appends by hand.
std::vector<uint8_t> with_attributes(const std::vector<uint8_t>& attributes) {
  std::vector<uint8_t> message = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};
  message.insert(message.end(), kTransactionId.begin(), kTransactionId.end());
  message.insert(message.end(), attributes.begin(), attributes.end());
  store_u16(&message[2], static_cast<uint16_t>(attributes.size()));
  return message;
}

TEST(Stun, SampleRequestOfRfc5769) {
  const auto message = StunMessage::parse(kSampleRequest);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class(), StunClass::kRequest);
  EXPECT_EQ(message->transaction_id(), kTransactionId);
  EXPECT_EQ(message->username(), "evtj:h6vY");
  EXPECT_EQ(message->username_receiver(), "evtj");
  EXPECT_EQ(message->username_sender(), "h6vY");
  EXPECT_EQ(message->priority(), 0x6e0001ffU);
  EXPECT_EQ(message->ice_controlled(), 0x932ff9b151263b36U);
  EXPECT_FALSE(message->ice_controlling());
  EXPECT_FALSE(message->use_candidate());
  EXPECT_FALSE(message->has_unknown_attributes());
  EXPECT_TRUE(message->has_fingerprint());
  StunKey key(kPassword);
  EXPECT_TRUE(message->verify_integrity(key));
  EXPECT_TRUE(message->verify_integrity(key)) << "a key may be used again";
  StunKey other("VOkJxbRl1RmTxUk/WvJxBT");
  EXPECT_FALSE(message->verify_integrity(other));
}

TEST(Stun, SampleIpv4ResponseOfRfc5769) {
  const auto message = StunMessage::parse(kSampleIpv4Response);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class(), StunClass::kSuccess);
  EXPECT_EQ(message->xor_mapped_address(), SocketAddress::v4({192, 0, 2, 1}, 32853));
  StunKey key(kPassword);
  EXPECT_TRUE(message->verify_integrity(key));
}

TEST(Stun, SampleIpv6ResponseOfRfc5769) {
  const auto message = StunMessage::parse(kSampleIpv6Response);
  ASSERT_TRUE(message);
  SocketAddress expected;
  expected.ip = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
  expected.port = 32853;
  EXPECT_EQ(message->xor_mapped_address(), expected);
  StunKey key(kPassword);
  EXPECT_TRUE(message->verify_integrity(key));
}

TEST(Stun, NoFlippedBitPassesFingerprintAndIntegrity) {
  StunKey key(kPassword);
  // Behind MESSAGE-INTEGRITY a flip in FINGERPRINT's own type makes an attribute of it that is ignored; a longer
  // USERNAME (bit 5 of byte 63: 41 bytes instead of 9) swallows both. Neither leaves a message with FINGERPRINT.
  const size_t fingerprint_at = kSampleRequest.size() - 8;
  for (size_t bit = 0; bit < kSampleRequest.size() * 8; ++bit) {
    std::vector<uint8_t> damaged = kSampleRequest;
    damaged[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    const auto message = StunMessage::parse(damaged);
    const bool hides_fingerprint = bit / 8 == fingerprint_at || bit / 8 == fingerprint_at + 1 || bit == 63 * 8 + 5;
    EXPECT_EQ(message.has_value(), hides_fingerprint) << "bit " << bit;
    if (!message) continue;
    EXPECT_FALSE(message->has_fingerprint()) << "bit " << bit;
    EXPECT_EQ(message->verify_integrity(key), bit / 8 >= fingerprint_at) << "bit " << bit;
  }
}

TEST(Stun, EveryTruncationIsRefused) {
  for (size_t size = 0; size < kSampleRequest.size(); ++size) {
    EXPECT_FALSE(StunMessage::parse(ByteView(kSampleRequest).first(size))) << size;
  }
}

TEST(Stun, TrailingBytesAreRefused) {
  std::vector<uint8_t> longer = kSampleRequest;
  longer.insert(longer.end(), 4, 0);
  EXPECT_FALSE(StunMessage::parse(longer));
}

TEST(Stun, AHeaderAloneIsAMessageWithoutAttributes) {
  const auto bytes = with_attributes({});
  const auto message = StunMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->username().empty());
  EXPECT_TRUE(message->username_receiver().empty());
  EXPECT_TRUE(message->username_sender().empty());
  EXPECT_FALSE(message->has_integrity());
  StunKey key(kPassword);
  EXPECT_FALSE(message->verify_integrity(key));
}

TEST(Stun, OtherMethodsAndWrongCookiesAreRefused) {
  auto bytes = with_attributes({});
  bytes[1] = 0x03;  // Allocate, of TURN
  EXPECT_FALSE(StunMessage::parse(bytes));
  bytes = with_attributes({});
  bytes[0] = 0x40;  // the two first bits must be 0
  EXPECT_FALSE(StunMessage::parse(bytes));
  bytes = with_attributes({});
  bytes[7] = 0x43;
  EXPECT_FALSE(StunMessage::parse(bytes));
}

TEST(Stun, AllFourClassesAreTold) {
  const std::vector<std::pair<uint16_t, StunClass>> types = {{0x0001, StunClass::kRequest},
                                                             {0x0011, StunClass::kIndication},
                                                             {0x0101, StunClass::kSuccess},
                                                             {0x0111, StunClass::kError}};
  for (const auto& [type, expected] : types) {
    auto bytes = with_attributes({});
    store_u16(bytes.data(), type);
    const auto message = StunMessage::parse(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->message_class(), expected);
  }
}

TEST(Stun, AnAttributeThatReachesBeyondTheMessageIsRefused) {
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x00, 0x06, 0x00, 0x05, 'a', 'b', 'c', 'd'})));
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x00, 0x06, 0xff, 0xff, 'a', 'b', 'c', 'd'})));
  EXPECT_TRUE(StunMessage::parse(with_attributes({0x00, 0x06, 0x00, 0x04, 'a', 'b', 'c', 'd'})));
  EXPECT_TRUE(StunMessage::parse(with_attributes({0x00, 0x06, 0x00, 0x01, 'a', 0, 0, 0}))) << "three bytes of padding";
}

TEST(Stun, WrongLengthsOfKnownAttributesAreRefused) {
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x00, 0x24, 0x00, 0x02, 1, 2, 0, 0}))) << "PRIORITY";
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x00, 0x25, 0x00, 0x01, 1, 0, 0, 0}))) << "USE-CANDIDATE";
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x80, 0x29, 0x00, 0x04, 1, 2, 3, 4}))) << "ICE-CONTROLLED";
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x80, 0x2a, 0x00, 0x04, 1, 2, 3, 4}))) << "ICE-CONTROLLING";
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x00, 0x08, 0x00, 0x04, 1, 2, 3, 4}))) << "MESSAGE-INTEGRITY";
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x80, 0x28, 0x00, 0x00}))) << "FINGERPRINT";
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x00, 0x09, 0x00, 0x02, 4, 0, 0, 0}))) << "ERROR-CODE";
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x00, 0x20, 0x00, 0x08, 0, 2, 0, 0, 0, 0, 0, 0})))
      << "XOR-MAPPED-ADDRESS of IPv6 in eight bytes";
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x00, 0x09, 0x00, 0x04, 0, 0, 7, 0}))) << "error class 7";
  EXPECT_FALSE(StunMessage::parse(with_attributes({0x00, 0x09, 0x00, 0x04, 0, 0, 4, 100}))) << "error number 100";
}

TEST(Stun, OfTwoEqualAttributesTheFirstCounts) {
  const auto bytes = with_attributes({0x00, 0x24, 0x00, 0x04, 0,   0, 0, 1,  // PRIORITY 1
                                      0x00, 0x24, 0x00, 0x04, 0,   0, 0, 2,  // PRIORITY 2
                                      0x00, 0x06, 0x00, 0x01, 'a', 0, 0, 0, 0x00, 0x06, 0x00, 0x01, 'b', 0, 0, 0});
  const auto message = StunMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->priority(), 1U);
  EXPECT_EQ(message->username(), "a");
}

TEST(Stun, UsernameHasALimit) {
  std::vector<uint8_t> attribute = {0x00, 0x06, 0x01, 0xfc};  // 508
  attribute.insert(attribute.end(), 508, 'u');
  EXPECT_TRUE(StunMessage::parse(with_attributes(attribute)));
  attribute[3] = 0xfd;  // 509, padded to 512
  attribute.insert(attribute.end(), 4, 'u');
  EXPECT_FALSE(StunMessage::parse(with_attributes(attribute)));
}

TEST(Stun, UnknownComprehensionRequiredAttributesAreRememberedUpToALimit) {
  std::vector<uint8_t> attributes = {0x80, 0xff, 0x00, 0x00};  // comprehension-optional: not told
  for (uint8_t i = 0; i < 12; ++i) {
    attributes.insert(attributes.end(), {0x7f, i, 0x00, 0x00});
    attributes.insert(attributes.end(), {0x7f, 0x00, 0x00, 0x00});  // a repetition is told once
  }
  const auto bytes = with_attributes(attributes);
  const auto message = StunMessage::parse(bytes);
  ASSERT_TRUE(message);
  ASSERT_EQ(message->unknown_attributes().size(), StunMessage::kUnknownAttributesMax);
  for (uint16_t i = 0; i < StunMessage::kUnknownAttributesMax; ++i) {
    EXPECT_EQ(message->unknown_attributes()[i], 0x7f00 + i);
  }
}

TEST(Stun, WhatFollowsMessageIntegrityIsIgnored) {
  std::vector<uint8_t> attributes = {0x00, 0x08, 0x00, 0x14};
  attributes.insert(attributes.end(), 20, 0);
  attributes.insert(attributes.end(), {0x00, 0x25, 0x00, 0x00});              // USE-CANDIDATE
  attributes.insert(attributes.end(), {0x00, 0x24, 0x00, 0x04, 0, 0, 0, 1});  // PRIORITY
  attributes.insert(attributes.end(), {0x7f, 0x00, 0x00, 0x00});              // unknown
  const auto bytes = with_attributes(attributes);
  const auto message = StunMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->has_integrity());
  EXPECT_FALSE(message->use_candidate());
  EXPECT_FALSE(message->priority());
  EXPECT_FALSE(message->has_unknown_attributes());
}

TEST(Stun, NothingMayFollowFingerprint) {
  std::array<uint8_t, 64> buffer{};
  const size_t size = write_binding_indication(kTransactionId, buffer);
  ASSERT_EQ(size, 28U);
  std::vector<uint8_t> bytes(buffer.begin(), buffer.begin() + size);
  ASSERT_TRUE(StunMessage::parse(bytes));
  bytes.insert(bytes.end(), {0x80, 0xff, 0x00, 0x00});
  store_u16(&bytes[2], 12);
  EXPECT_FALSE(StunMessage::parse(bytes));
}

TEST(Stun, ARequestIsReadAsItWasWritten) {
  StunKey key(kPassword);
  std::array<uint8_t, kStunWriteBytesMax> buffer{};
  const StunCheck check{.transaction_id = kTransactionId,
                        .username = "evtj:h6vY",
                        .priority = 0x6e0001ff,
                        .tie_breaker = 0x0102030405060708,
                        .use_candidate = true};
  const size_t size = write_binding_request(check, key, buffer);
  // 20 header + (4+12) USERNAME + 8 PRIORITY + 12 ICE-CONTROLLING + 4 USE-CANDIDATE + 24 integrity + 8 fingerprint
  ASSERT_EQ(size, 92U);
  const auto message = StunMessage::parse(ByteView(buffer).first(size));
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->is_request());
  EXPECT_EQ(message->transaction_id(), kTransactionId);
  EXPECT_EQ(message->username(), "evtj:h6vY");
  EXPECT_EQ(message->priority(), 0x6e0001ffU);
  EXPECT_EQ(message->ice_controlling(), 0x0102030405060708U);
  EXPECT_FALSE(message->ice_controlled());
  EXPECT_TRUE(message->use_candidate());
  EXPECT_TRUE(message->has_fingerprint());
  EXPECT_TRUE(message->verify_integrity(key));
}

TEST(Stun, SuccessCarriesTheMappedAddressExactlyAsInRfc5769) {
  StunKey key(kPassword);
  std::array<uint8_t, kStunWriteBytesMax> buffer{};
  ASSERT_EQ(write_binding_success(kTransactionId, SocketAddress::v4({192, 0, 2, 1}, 32853), key, buffer), 64U);
  // Bytes 36..47 of the RFC's sample are the attribute that comes first here.
  EXPECT_TRUE(std::equal(kSampleIpv4Response.begin() + 36, kSampleIpv4Response.begin() + 48, buffer.begin() + 20));
  const auto message = StunMessage::parse(ByteView(buffer).first(64));
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->verify_integrity(key));

  SocketAddress v6;
  v6.ip = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
  v6.port = 32853;
  ASSERT_EQ(write_binding_success(kTransactionId, v6, key, buffer), 76U);
  EXPECT_TRUE(std::equal(kSampleIpv6Response.begin() + 36, kSampleIpv6Response.begin() + 60, buffer.begin() + 20));
}

TEST(Stun, ErrorResponsesCarryCodeAndUnknownAttributes) {
  StunKey key(kPassword);
  std::array<uint8_t, kStunWriteBytesMax> buffer{};
  const std::array<uint16_t, 1> unknown = {0x7f01};
  const StunError error{kTransactionId, StunErrorCode::kUnknownAttribute, unknown};
  const size_t size = write_binding_error(error, key, buffer);
  ASSERT_EQ(size, 68U);  // 20 + 8 ERROR-CODE + 8 UNKNOWN-ATTRIBUTES + 24 + 8
  const std::vector<uint8_t> expected = {0x00, 0x09, 0x00, 0x04, 0, 0, 4, 20, 0x00, 0x0a, 0x00, 0x02, 0x7f, 0x01, 0, 0};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), buffer.begin() + 20));
  const auto message = StunMessage::parse(ByteView(buffer).first(size));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class(), StunClass::kError);
  EXPECT_EQ(message->error_code(), 420);
  EXPECT_TRUE(message->verify_integrity(key));

  ASSERT_EQ(write_binding_error({kTransactionId, StunErrorCode::kRoleConflict, {}}, key, buffer), 60U);
  const auto conflict = StunMessage::parse(ByteView(buffer).first(60));
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->error_code(), 487);
}

TEST(Stun, WritersWriteNothingBeyondASmallBuffer) {
  StunKey key(kPassword);
  const StunCheck check{.transaction_id = kTransactionId, .username = "evtj:h6vY"};
  for (size_t size = 0; size < 88; ++size) {
    std::vector<uint8_t> exact(size);  // AddressSanitizer sees a byte too many
    EXPECT_EQ(write_binding_request(check, key, exact), 0U) << size;
  }
  std::vector<uint8_t> enough(88);
  EXPECT_EQ(write_binding_request(check, key, enough), 88U);
  std::vector<uint8_t> short_indication(27);
  EXPECT_EQ(write_binding_indication(kTransactionId, short_indication), 0U);
}

TEST(Stun, AnIntegrityThatIsChangedInAnyBitIsFalse) {
  StunKey key(kPassword);
  // Without FINGERPRINT, so that the message still parses.
  std::vector<uint8_t> bytes(kSampleRequest.begin(), kSampleRequest.end() - 8);
  store_u16(&bytes[2], 80);
  ASSERT_TRUE(StunMessage::parse(bytes));
  EXPECT_TRUE(StunMessage::parse(bytes)->verify_integrity(key));
  for (size_t bit = 0; bit < 160; ++bit) {
    std::vector<uint8_t> damaged = bytes;
    damaged[bytes.size() - 20 + bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    const auto message = StunMessage::parse(damaged);
    ASSERT_TRUE(message);
    EXPECT_FALSE(message->verify_integrity(key)) << bit;
  }
}

TEST(Stun, AnEmptyPasswordIsAKeyOfItsOwn) {
  StunKey empty("");
  StunKey other(kPassword);
  std::array<uint8_t, kStunWriteBytesMax> buffer{};
  const size_t size = write_binding_request({.transaction_id = kTransactionId, .username = "a:b"}, empty, buffer);
  const auto message = StunMessage::parse(ByteView(buffer).first(size));
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->verify_integrity(empty));
  EXPECT_FALSE(message->verify_integrity(other));
}

TEST(Stun, FirstByteTellsStunFromDtlsAndRtp) {
  EXPECT_TRUE(looks_like_stun(kSampleRequest));
  const std::array<uint8_t, 1> dtls = {20};
  const std::array<uint8_t, 1> rtp = {0x80};
  EXPECT_FALSE(looks_like_stun(dtls));
  EXPECT_FALSE(looks_like_stun(rtp));
  EXPECT_FALSE(looks_like_stun({}));
}

}  // namespace
}  // namespace eir
