#include "lib/transport/srtp_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "tests/unit/lib/transport/srtp_engines.h"

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr uint32_t kMedia = 1000;
constexpr uint32_t kRtx = 1001;

SrtpKeys keys_for(SrtpProfile profile) {
  SrtpKeys keys;
  keys.profile = profile;
  for (size_t i = 0; i < srtp_key_size(profile); ++i) keys.local.key[i] = static_cast<uint8_t>(i + 1);
  for (size_t i = 0; i < srtp_salt_size(profile); ++i) keys.local.salt[i] = static_cast<uint8_t>(0x80 + i);
  keys.remote = keys.local;
  return keys;
}

Bytes rtp(uint32_t ssrc, uint16_t sequence, size_t payload = 20) {
  Bytes packet(12 + payload, 0x33);
  packet[0] = 0x80;
  packet[1] = 96;
  store_u16(&packet[2], sequence);
  store_u32(&packet[4], 9000);
  store_u32(&packet[8], ssrc);
  return packet;
}

// A receiver report without blocks (RFC 3550 section 6.4.2).
Bytes rtcp(uint32_t ssrc) {
  Bytes packet = {0x80, 201, 0, 1, 0, 0, 0, 0};
  store_u32(&packet[4], ssrc);
  return packet;
}

class SrtpSessionTest : public testing::TestWithParam<SrtpProfile> {
 protected:
  void SetUp() override {
    use_engine(SrtpEngine::kAutomatic);
    const std::array ssrcs = {Ssrc(kMedia), Ssrc(kRtx)};
    sender_.emplace(SrtpSession::outbound(keys_for(GetParam()), ssrcs));
    receiver_.emplace(SrtpSession::inbound(keys_for(GetParam())));
  }
  void TearDown() override {
    sender_.reset();
    receiver_.reset();
  }

  Bytes sent_rtp(Bytes packet) {
    size_t size = packet.size();
    packet.resize(size + SrtpSession::kRtpOverheadMax);
    EXPECT_TRUE(sender_->protect_rtp(packet, size));
    packet.resize(size);
    return packet;
  }
  Bytes sent_rtcp(Bytes packet) {
    size_t size = packet.size();
    packet.resize(size + SrtpSession::kRtcpOverheadMax);
    EXPECT_TRUE(sender_->protect_rtcp(packet, size));
    packet.resize(size);
    return packet;
  }
  SrtpStatus receive_rtp(Bytes packet) {
    size_t size = packet.size();
    return receiver_->unprotect_rtp(packet, size);
  }
  SrtpStatus receive_rtcp(Bytes packet) {
    size_t size = packet.size();
    return receiver_->unprotect_rtcp(packet, size);
  }

  std::optional<SrtpSession> sender_;
  std::optional<SrtpSession> receiver_;
};

INSTANTIATE_TEST_SUITE_P(Profiles, SrtpSessionTest, testing::ValuesIn(kAllSrtpProfiles),
                         [](const auto& tested) { return srtp_profile_name(tested.param); });

TEST_P(SrtpSessionTest, OverheadIsWhatTheProfileSays) {
  const size_t tag = GetParam() == SrtpProfile::kAes128CmSha1_80 ? 10 : 16;
  EXPECT_EQ(sent_rtp(rtp(kMedia, 1)).size(), 32 + tag);
  EXPECT_EQ(sent_rtcp(rtcp(kMedia)).size(), 8 + 4 + tag);
}

TEST_P(SrtpSessionTest, AReplayedPacketIsRefused) {
  const Bytes first = sent_rtp(rtp(kMedia, 1));
  const Bytes report = sent_rtcp(rtcp(kMedia));
  EXPECT_EQ(receive_rtp(first), SrtpStatus::kOk);
  EXPECT_EQ(receive_rtp(first), SrtpStatus::kReplayed);
  EXPECT_EQ(receive_rtcp(report), SrtpStatus::kOk);
  EXPECT_EQ(receive_rtcp(report), SrtpStatus::kReplayed);
}

TEST_P(SrtpSessionTest, TheReplayWindowHolds1024Packets) {
  std::vector<Bytes> packets;
  for (uint16_t i = 0; i <= SrtpSession::kReplayWindow; ++i) packets.push_back(sent_rtp(rtp(kMedia, i)));
  EXPECT_EQ(receive_rtp(packets.back()), SrtpStatus::kOk);
  EXPECT_EQ(receive_rtp(packets[1]), SrtpStatus::kOk);  // 1023 behind the newest
  EXPECT_EQ(receive_rtp(packets[1]), SrtpStatus::kReplayed);
  EXPECT_EQ(receive_rtp(packets[0]), SrtpStatus::kReplayed);  // 1024 behind: too old to know
}

TEST_P(SrtpSessionTest, ASequenceNumberIsNeverProtectedTwice) {
  sent_rtp(rtp(kMedia, 5));
  Bytes again = rtp(kMedia, 5, 30);
  size_t size = again.size();
  again.resize(size + SrtpSession::kRtpOverheadMax);
  EXPECT_FALSE(sender_->protect_rtp(again, size));
}

TEST_P(SrtpSessionTest, ForeignSsrcsAndShortBuffersAreNotProtected) {
  Bytes packet = rtp(77, 1);
  size_t size = packet.size();
  packet.resize(size + SrtpSession::kRtpOverheadMax);
  EXPECT_FALSE(sender_->protect_rtp(packet, size));
  packet = rtp(kMedia, 1);
  size = packet.size();
  packet.resize(size + SrtpSession::kRtpOverheadMax - 1);
  EXPECT_FALSE(sender_->protect_rtp(packet, size));
  size = packet.size() + 1;
  EXPECT_FALSE(sender_->protect_rtp(packet, size));
  Bytes report = rtcp(kMedia);
  size = report.size();
  report.resize(size + SrtpSession::kRtcpOverheadMax - 1);
  EXPECT_FALSE(sender_->protect_rtcp(report, size));
}

TEST_P(SrtpSessionTest, AHundredWrongPacketsChangeNothing) {
  EXPECT_EQ(receive_rtp(sent_rtp(rtp(kMedia, 10))), SrtpStatus::kOk);
  for (uint16_t i = 0; i < 100; ++i) {
    Bytes forged = rtp(i % 2 == 0 ? kMedia : 5000U + i, static_cast<uint16_t>(11 + i * 300), 60);
    EXPECT_EQ(receive_rtp(forged), SrtpStatus::kAuthFailed);
    Bytes report = rtcp(kMedia);
    report.insert(report.end(), 24, static_cast<uint8_t>(0x80 + i));
    EXPECT_NE(receive_rtcp(report), SrtpStatus::kOk);
  }
  EXPECT_EQ(receiver_->inbound_ssrcs(), 1U);
  EXPECT_EQ(receive_rtp(sent_rtp(rtp(kMedia, 11))), SrtpStatus::kOk);
  EXPECT_EQ(receive_rtcp(sent_rtcp(rtcp(kMedia))), SrtpStatus::kOk);
}

TEST_P(SrtpSessionTest, RuntsAreMalformed) {
  for (size_t size = 0; size < 12; ++size) {
    EXPECT_EQ(receive_rtp(Bytes(size, 0x80)), SrtpStatus::kMalformed) << size;
  }
  for (size_t size = 0; size < 8; ++size) {
    EXPECT_EQ(receive_rtcp(Bytes(size, 0x80)), SrtpStatus::kMalformed) << size;
  }
  EXPECT_EQ(receive_rtp(Bytes(40, 0x40)), SrtpStatus::kMalformed);  // version 1
  const Bytes whole = sent_rtp(rtp(kMedia, 1));
  for (size_t size = 12; size < whole.size(); ++size) {
    EXPECT_NE(receive_rtp(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))), SrtpStatus::kOk);
  }
}

TEST_P(SrtpSessionTest, AnSsrcMoreThanTheLimitIsRefusedUntilOneIsForgotten) {
  std::vector<Ssrc> ssrcs;
  for (uint32_t i = 0; i <= SrtpSession::kInboundSsrcsMax; ++i) ssrcs.emplace_back(2000 + i);
  sender_.emplace(SrtpSession::outbound(keys_for(GetParam()), ssrcs));
  for (uint32_t i = 0; i < SrtpSession::kInboundSsrcsMax; ++i) {
    EXPECT_EQ(receive_rtp(sent_rtp(rtp(2000 + i, 1))), SrtpStatus::kOk);
  }
  const Bytes one_more = sent_rtp(rtp(2000 + SrtpSession::kInboundSsrcsMax, 1));
  EXPECT_EQ(receive_rtp(one_more), SrtpStatus::kTooManySsrcs);
  EXPECT_EQ(receive_rtp(sent_rtp(rtp(2003, 2))), SrtpStatus::kOk);
  receiver_->forget_ssrc(Ssrc(2003));
  EXPECT_EQ(receive_rtp(one_more), SrtpStatus::kOk);
  EXPECT_EQ(receiver_->inbound_ssrcs(), SrtpSession::kInboundSsrcsMax);
  EXPECT_EQ(receive_rtp(sent_rtp(rtp(2003, 3))), SrtpStatus::kTooManySsrcs);
}

TEST_P(SrtpSessionTest, AForgottenSsrcLeavesItsReplayWindowBehind) {
  const Bytes packet = sent_rtp(rtp(kMedia, 1));
  EXPECT_EQ(receive_rtp(packet), SrtpStatus::kOk);
  EXPECT_EQ(receive_rtp(packet), SrtpStatus::kReplayed);
  receiver_->forget_ssrc(Ssrc(kMedia));
  EXPECT_EQ(receiver_->inbound_ssrcs(), 0U);
  EXPECT_EQ(receive_rtp(packet), SrtpStatus::kOk);
}

TEST_P(SrtpSessionTest, ThreeWrapsOfTheSequenceNumberAreFollowed) {
  for (uint32_t index = 0; index < 3 * 65536 + 10; index += 1021) {
    EXPECT_EQ(receive_rtp(sent_rtp(rtp(kMedia, static_cast<uint16_t>(index)))), SrtpStatus::kOk) << index;
  }
}

TEST_P(SrtpSessionTest, AMovedSessionGoesOn) {
  EXPECT_EQ(receive_rtp(sent_rtp(rtp(kMedia, 1))), SrtpStatus::kOk);
  SrtpSession moved = std::move(*receiver_);
  receiver_.emplace(std::move(moved));
  EXPECT_EQ(receive_rtp(sent_rtp(rtp(kMedia, 2))), SrtpStatus::kOk);
  EXPECT_EQ(receiver_->inbound_ssrcs(), 1U);
}

TEST(SrtpMasterKey, WipesItselfWhenItDies) {
  alignas(SrtpMasterKey) std::array<uint8_t, sizeof(SrtpMasterKey)> memory{};
  auto* key = new (memory.data()) SrtpMasterKey;
  key->key.fill(0x5a);
  key->salt.fill(0x5a);
  key->~SrtpMasterKey();
  EXPECT_EQ(std::count(memory.begin(), memory.end(), 0x5a), 0);
}

}  // namespace
}  // namespace eir
