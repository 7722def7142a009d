#include "server/media/control_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "lib/transport/dtls_certificate.h"
#include "server/media/candidates.h"
#include "server/media/conversions.h"

namespace eir {
namespace {

using testing::HasSubstr;

std::string read_offer(const std::string& name) {
  std::ifstream file(std::string(EIR_SOURCE_DIR) + "/tests/fixtures/sdp/" + name + ".sdp");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

RouterOptions options() {
  RouterOptions out;
  out.candidates = host_candidates({{.fd = 3, .address = "192.0.2.1", .port = 40000, .announce = "192.0.2.1"}});
  return out;
}

class ControlHandlerTest : public testing::Test {
 protected:
  template <class Wanted>
  Wanted ask(const channel::Request& request) {
    const channel::Reply reply = handler_.handle(now_, request);
    EXPECT_TRUE(std::holds_alternative<Wanted>(reply)) << "reply " << reply.index();
    return std::holds_alternative<Wanted>(reply) ? std::get<Wanted>(reply) : Wanted{};
  }
  void open_and_join() {
    ask<channel::Done>(channel::OpenRoom{RoomId(1), "consultation", false, 0});
    ask<channel::Done>(channel::Join{RoomId(1), ParticipantId(11), "participant", all_rights(), false});
  }
  channel::Negotiate negotiate(uint32_t transport, const std::string& offer = "chromium156_sendrecv") {
    return {ParticipantId(11), TransportId(transport), channel::SessionKind::kWhip, read_offer(offer)};
  }
  static channel::Rights all_rights() {
    const std::vector<channel::RightKind> all = to_right_kinds(kAllKinds);
    return {all, all, 1};
  }

  Timestamp now_{1s};
  SeededRandom random_{1};
  DtlsCertificate certificate_ = DtlsCertificate::generate(1'700'000'000);
  DtlsContext dtls_{certificate_};
  TransmitQueue queue_{64, size_t{64} * 1600};
  Router router_{options(), dtls_, random_};
  ControlHandler handler_{router_, queue_, {.sessions_per_participant_max = 2}};
};

TEST_F(ControlHandlerTest, OfferOfABrowserIsAnswered) {
  open_and_join();
  const auto answer = ask<channel::Answer>(negotiate(21));
  EXPECT_THAT(answer.sdp, HasSubstr("a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host\r\n"));
  EXPECT_THAT(answer.sdp, HasSubstr(certificate_.fingerprint().text()));
  ASSERT_EQ(answer.media.size(), 2U);
  EXPECT_EQ(answer.media[0].kind, MediaKind::kAudio);
  EXPECT_EQ(answer.media[1].kind, MediaKind::kVideo);
  EXPECT_EQ(answer.media[1].use, channel::MediaUse::kPublished);
}

TEST_F(ControlHandlerTest, BrokenOfferIsRefusedWithCode) {
  open_and_join();
  const auto refused = ask<channel::Refused>(
      channel::Negotiate{ParticipantId(11), TransportId(21), channel::SessionKind::kWeb, "v=0\r\nthis is no line\r\n"});
  EXPECT_EQ(refused.code, channel::RefusalCode::kOfferRefused);
  EXPECT_EQ(refused.detail, "sdp_syntax");
}

TEST_F(ControlHandlerTest, SessionsBeyondTheConfiguredLimitAreRefused) {
  open_and_join();
  ask<channel::Answer>(negotiate(21));
  ask<channel::Answer>(negotiate(22));
  EXPECT_EQ(ask<channel::Refused>(negotiate(23)).code, channel::RefusalCode::kLimitReached);
  ask<channel::Answer>(negotiate(22));  // a later offer of a session that is there needs no room
}

TEST_F(ControlHandlerTest, WhoeverIsUnknownIsRefused) {
  EXPECT_EQ(ask<channel::Refused>(channel::CloseRoom{RoomId(9)}).code, channel::RefusalCode::kUnknownRoom);
  EXPECT_EQ(ask<channel::Refused>(channel::Join{RoomId(9), ParticipantId(1), "", {}, false}).code,
            channel::RefusalCode::kUnknownRoom);
  EXPECT_EQ(ask<channel::Refused>(channel::Leave{ParticipantId(9)}).code, channel::RefusalCode::kUnknownParticipant);
  EXPECT_EQ(ask<channel::Refused>(channel::SetRights{ParticipantId(9), {}}).code,
            channel::RefusalCode::kUnknownParticipant);
  EXPECT_EQ(ask<channel::Refused>(channel::SetMute{ParticipantId(9), {}}).code,
            channel::RefusalCode::kUnknownParticipant);
  EXPECT_EQ(ask<channel::Refused>(channel::SetView{ParticipantId(9), {}}).code,
            channel::RefusalCode::kUnknownParticipant);
  EXPECT_EQ(ask<channel::Refused>(channel::CloseTransport{TransportId(9)}).code,
            channel::RefusalCode::kUnknownTransport);
  EXPECT_EQ(ask<channel::Refused>(channel::RestartIce{TransportId(9), "ufrag", "password"}).code,
            channel::RefusalCode::kUnknownTransport);
  open_and_join();
  EXPECT_EQ(ask<channel::Refused>(channel::SetLabel{ParticipantId(11), "0", channel::TrackLabel::kScreen}).code,
            channel::RefusalCode::kUnknownMid);
}

TEST_F(ControlHandlerTest, ReportHoldsAllThatANewControlMustKnow) {
  open_and_join();
  ask<channel::Answer>(negotiate(21));
  ask<channel::Done>(channel::SetLabel{ParticipantId(11), "1", channel::TrackLabel::kWound});
  ask<channel::Done>(channel::SetMute{ParticipantId(11), {channel::RightKind::kAudio}});
  const auto report = ask<channel::WorkerReport>(channel::Report{});
  EXPECT_FALSE(report.draining);
  ASSERT_EQ(report.rooms.size(), 1U);
  EXPECT_EQ(report.rooms[0].room, RoomId(1));
  EXPECT_EQ(report.rooms[0].tag, "consultation");
  ASSERT_EQ(report.rooms[0].participants.size(), 1U);
  const channel::ReportedParticipant& participant = report.rooms[0].participants[0];
  EXPECT_EQ(participant.participant, ParticipantId(11));
  EXPECT_EQ(participant.tag, "participant");
  EXPECT_EQ(participant.rights.send_kinds, all_rights().send_kinds);
  EXPECT_EQ(participant.muted_kinds, std::vector{channel::RightKind::kAudio});
  ASSERT_EQ(participant.transports.size(), 1U);
  EXPECT_EQ(participant.transports[0].transport, TransportId(21));
  EXPECT_EQ(participant.transports[0].session_kind, channel::SessionKind::kWhip);
  EXPECT_EQ(participant.transports[0].state, channel::TransportPhase::kNew);
  ASSERT_EQ(participant.tracks.size(), 2U);
  EXPECT_EQ(participant.tracks[0].label, channel::TrackLabel::kMicrophone);
  EXPECT_EQ(participant.tracks[1].mid, "1");
  EXPECT_EQ(participant.tracks[1].label, channel::TrackLabel::kWound);
}

TEST_F(ControlHandlerTest, RestartOfIceGivesFreshCredentialsAndAllCandidates) {
  open_and_join();
  ask<channel::Answer>(negotiate(21));
  const auto first = ask<channel::IceCredentials>(channel::RestartIce{TransportId(21), "abcd", "irrelevant"});
  const auto second = ask<channel::IceCredentials>(channel::RestartIce{TransportId(21), "efgh", "irrelevant"});
  EXPECT_NE(first.ufrag, second.ufrag);
  EXPECT_NE(first.password, second.password);
  EXPECT_GE(first.password.size(), 22U);  // RFC 8839 section 5.4
  EXPECT_EQ(first.candidates, std::vector<std::string>{"1 1 udp 2130706431 192.0.2.1 40000 typ host"});
}

TEST_F(ControlHandlerTest, AWebSessionRestartsIceByItsOfferOnly) {
  open_and_join();
  channel::Negotiate offer = negotiate(21);
  offer.session_kind = channel::SessionKind::kWeb;
  ask<channel::Answer>(offer);
  EXPECT_EQ(ask<channel::Refused>(channel::RestartIce{TransportId(21), "abcd", "password"}).code,
            channel::RefusalCode::kNotPossible);
}

TEST_F(ControlHandlerTest, WhatWaitsInTheQueueDoesNotOutliveARight) {
  open_and_join();
  const Path path{.socket = 0, .remote = SocketAddress::v4({192, 0, 2, 9}, 5000)};
  for (const channel::Request& request :
       {channel::Request(channel::SetRights{ParticipantId(11), {}}),
        channel::Request(channel::SetMute{ParticipantId(11), {channel::RightKind::kVideo}}),
        channel::Request(channel::Leave{ParticipantId(11)})}) {
    ASSERT_TRUE(queue_.push(path, as_bytes("encrypted"), TransmitKind::kVideo));
    ask<channel::Done>(request);
    EXPECT_TRUE(queue_.empty());
  }
  EXPECT_EQ(handler_.revoked_in_queue(), 3U);
}

TEST_F(ControlHandlerTest, ADrainingWorkerTakesNobodyNewAndKeepsWhoIsThere) {
  open_and_join();
  ask<channel::Done>(channel::Drain{});
  EXPECT_EQ(ask<channel::Refused>(channel::OpenRoom{RoomId(2), "", false, 0}).code, channel::RefusalCode::kDraining);
  EXPECT_EQ(ask<channel::Refused>(channel::Join{RoomId(1), ParticipantId(12), "", {}, false}).code,
            channel::RefusalCode::kDraining);
  ask<channel::Answer>(negotiate(21));
  EXPECT_TRUE(ask<channel::WorkerReport>(channel::Report{}).draining);
}

TEST_F(ControlHandlerTest, LimitsMayChangeWhilePeopleAreIn) {
  open_and_join();
  channel::Configure one;
  one.participants_max = 1;
  one.transports_per_participant_max = 1;
  ask<channel::Done>(one);
  EXPECT_EQ(ask<channel::Refused>(channel::Join{RoomId(1), ParticipantId(12), "", {}, false}).code,
            channel::RefusalCode::kLimitReached);
  ask<channel::Answer>(negotiate(21));
  EXPECT_EQ(ask<channel::Refused>(negotiate(22)).code, channel::RefusalCode::kLimitReached);
  channel::Configure two;
  two.participants_max = 2;
  two.transports_per_participant_max = 2;
  ask<channel::Done>(two);
  ask<channel::Done>(channel::Join{RoomId(1), ParticipantId(12), "", {}, false});
  ask<channel::Answer>(negotiate(22));
}

TEST_F(ControlHandlerTest, ConnectionsAreNotTaken) {
  EXPECT_EQ(ask<channel::Refused>(channel::TakeConnection{true}).code, channel::RefusalCode::kNotPossible);
}

TEST_F(ControlHandlerTest, PingIsAnswered) { ask<channel::Done>(channel::Ping{}); }

}  // namespace
}  // namespace eir
