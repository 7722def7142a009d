#include "server/channel/messages.h"

#include <gtest/gtest.h>

#include <set>

#include "server/channel/start.h"

namespace eir::channel {
namespace {

// A message in, its kind and text out; also checks that the text decodes to the same text.
std::string again(const Message& message) {
  const std::string json = encode(message);
  const auto decoded = decode(json);
  EXPECT_TRUE(decoded.has_value()) << json;
  if (!decoded) return "";
  EXPECT_EQ(encode(*decoded), json);
  return json;
}

DecodeError error_of(std::string_view json) {
  const auto decoded = decode(json);
  EXPECT_TRUE(decoded.has_error()) << json;
  return decoded ? DecodeError::kNotJson : decoded.error();
}

TEST(Messages, JoinIsWrittenWithMemberNamesAndSnakeCase) {
  Join join{RoomId(7), ParticipantId(12), "p_abc", {{RightKind::kAudio, RightKind::kExtraVideo}, {}, 5}, true, true};
  EXPECT_EQ(
      again({3, Request(join)}),
      R"({"v":2,"id":3,"kind":"join","body":{"room":7,"participant":12,"tag":"p_abc",)"
      R"("rights":{"send_kinds":["audio","extra_video"],"receive_kinds":[],"groups":5},"echo":true,"signs":true}})");
}

TEST(Messages, EveryMemberSurvives) {
  const std::string json =
      R"({"v":2,"id":0,"kind":"slots_changed","body":{"participant":4294967295,"slots":[{"mid":"5","track":4000000000,)"
      R"("source":9,"kind":"video","label":"wound","state":"codec_unsupported"}]}})";
  const auto decoded = decode(json);
  ASSERT_TRUE(decoded.has_value());
  const auto* slots = std::get_if<SlotsChanged>(&std::get<Event>(decoded->body));
  ASSERT_NE(slots, nullptr);
  EXPECT_EQ(slots->participant, ParticipantId(4294967295));
  ASSERT_EQ(slots->slots.size(), 1U);
  EXPECT_EQ(slots->slots[0].mid, "5");
  EXPECT_EQ(slots->slots[0].track, TrackId(4000000000));
  EXPECT_EQ(slots->slots[0].source, ParticipantId(9));
  EXPECT_EQ(slots->slots[0].kind, MediaKind::kVideo);
  EXPECT_EQ(slots->slots[0].label, TrackLabel::kWound);
  EXPECT_EQ(slots->slots[0].state, SlotState::kCodecUnsupported);
  EXPECT_EQ(encode(*decoded), json);
}

TEST(Messages, OfferWithLineEndsSurvives) {
  const std::string offer = "v=0\r\na=fingerprint:sha-256 AA\r\n\xc3\xa5\"\\\x01";
  const Message message{9, Request(Negotiate{ParticipantId(1), TransportId(2), SessionKind::kWhep, offer})};
  const auto decoded = decode(again(message));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(std::get<Negotiate>(std::get<Request>(decoded->body)).offer, offer);
}

TEST(Messages, ReportSurvivesWithAllItsLevels) {
  WorkerReport report{true,
                      {{RoomId(1),
                        "c_x",
                        false,
                        {{ParticipantId(2),
                          "p_y",
                          {{RightKind::kScreen}, {RightKind::kVideo}, 1},
                          {RightKind::kAudio},
                          {{TransportId(3), SessionKind::kWhip, TransportPhase::kDisconnected}},
                          {{TrackId(4), "0", MediaKind::kVideo, TrackLabel::kScreen}}}}}}};
  EXPECT_EQ(again({1, Reply(report)}),
            R"({"v":2,"id":1,"kind":"worker_report","body":{"draining":true,"rooms":[{"room":1,"tag":"c_x",)"
            R"("audio_only":false,"participants":[{"participant":2,"tag":"p_y","rights":{"send_kinds":["screen"],)"
            R"("receive_kinds":["video"],"groups":1},"muted_kinds":["audio"],"transports":[{"transport":3,)"
            R"("session_kind":"whip","state":"disconnected"}],"tracks":[{"track":4,"mid":"0","kind":"video",)"
            R"("label":"screen"}]}]}]}})");
}

// One of each, with default values: none is forgotten in the decoder, no two share a kind.
TEST(Messages, EveryKindIsDecoded) {
  std::set<std::string_view> kinds;
  const auto check = [&](const Message& message) {
    again(message);
    EXPECT_TRUE(kinds.insert(kind_name(message)).second) << kind_name(message);
  };
  for (const Request& r : std::initializer_list<Request>{
           OpenRoom{}, CloseRoom{}, Join{}, Leave{}, SetRights{}, Negotiate{}, RestartIce{}, CloseTransport{},
           SetView{}, SetMute{}, SetLabel{}, TakeConnection{}, Report{}, Ping{}, Drain{}, Configure{}}) {
    check({1, r});
  }
  for (const Reply& r : std::initializer_list<Reply>{Done{}, Answer{}, IceCredentials{}, WorkerReport{}, Refused{}}) {
    check({1, r});
  }
  for (const Event& e : std::initializer_list<Event>{Hello{}, TransportState{}, TrackPublished{}, TrackEnded{},
                                                     SlotsChanged{}, ActiveSpeakers{}, MediaStarted{}, LayersWanted{},
                                                     PairSilenceChanged{}, RoomLost{}, Counters{}}) {
    check({0, e});
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Request> + std::variant_size_v<Reply> + std::variant_size_v<Event>);
}

TEST(Messages, CounterValuesMayBeWholeOrNot) {
  const auto decoded = decode(
      R"({"v":2,"id":0,"kind":"counters","body":{"values":[{"name":"a","value":3},{"name":"b","value":-0.5}]}})");
  ASSERT_TRUE(decoded.has_value());
  const auto& values = std::get<Counters>(std::get<Event>(decoded->body)).values;
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0].value, 3);
  EXPECT_EQ(values[1].value, -0.5);
}

TEST(Messages, WhatIsNotAnEnvelopeIsRefused) {
  EXPECT_EQ(error_of(""), DecodeError::kNotJson);
  EXPECT_EQ(error_of("{"), DecodeError::kNotJson);
  EXPECT_EQ(error_of("[]"), DecodeError::kBadEnvelope);
  EXPECT_EQ(error_of(R"({"v":2,"id":1,"kind":"ping"})"), DecodeError::kBadEnvelope);
  EXPECT_EQ(error_of(R"({"v":2,"id":1,"kind":"ping","body":{},"more":1})"), DecodeError::kBadEnvelope);
  EXPECT_EQ(error_of(R"({"v":2,"id":-1,"kind":"ping","body":{}})"), DecodeError::kBadEnvelope);
  EXPECT_EQ(error_of(R"({"v":2,"id":4294967296,"kind":"ping","body":{}})"), DecodeError::kBadEnvelope);
  EXPECT_EQ(error_of(R"({"v":2,"id":1,"kind":"ping","body":[]})"), DecodeError::kBadEnvelope);
  EXPECT_EQ(error_of(R"({"v":1,"id":1,"kind":"ping","body":{}})"), DecodeError::kOtherVersion);
  EXPECT_EQ(error_of(R"({"v":2,"id":1,"kind":"pong","body":{}})"), DecodeError::kUnknownKind);
}

TEST(Messages, OnlyEventsHaveNoId) {
  EXPECT_EQ(error_of(R"({"v":2,"id":0,"kind":"ping","body":{}})"), DecodeError::kBadEnvelope);
  EXPECT_EQ(error_of(R"({"v":2,"id":5,"kind":"hello","body":{"worker":0,"pid":1}})"), DecodeError::kBadEnvelope);
}

TEST(Messages, BodiesAreReadStrictly) {
  const auto close_room = [](const std::string& body) {
    return error_of(R"({"v":2,"id":1,"kind":"close_room","body":)" + body + "}");
  };
  EXPECT_EQ(close_room("{}"), DecodeError::kMissingField);
  EXPECT_EQ(close_room(R"({"room":1,"why":2})"), DecodeError::kUnknownField);
  EXPECT_EQ(close_room(R"({"room":"1"})"), DecodeError::kBadValue);
  EXPECT_EQ(close_room(R"({"room":4294967296})"), DecodeError::kBadValue);
  EXPECT_EQ(close_room(R"({"room":-1})"), DecodeError::kBadValue);
  EXPECT_EQ(close_room(R"({"room":1.5})"), DecodeError::kBadValue);
  EXPECT_EQ(close_room(R"({"room":null})"), DecodeError::kBadValue);
  EXPECT_EQ(error_of(R"({"v":2,"id":1,"kind":"set_mute","body":{"participant":1,"kinds":["kAudio"]}})"),
            DecodeError::kBadValue);
  EXPECT_EQ(error_of(R"({"v":2,"id":1,"kind":"set_mute","body":{"participant":1,"kinds":"audio"}})"),
            DecodeError::kBadValue);
}

TEST(Messages, TextsAndListsHaveLimits) {
  const auto open = [](size_t tag_bytes) {
    return encode({1, Request(OpenRoom{RoomId(1), std::string(tag_bytes, 't'), false, 0})});
  };
  EXPECT_TRUE(decode(open(kTagBytesMax)).has_value());
  EXPECT_EQ(error_of(open(kTagBytesMax + 1)), DecodeError::kBadValue);
  const auto speakers = [](size_t count) {
    return encode({0, Event(ActiveSpeakers{RoomId(1), std::vector<ParticipantId>(count, ParticipantId(1))})});
  };
  EXPECT_TRUE(decode(speakers(kListEntriesMax)).has_value());
  EXPECT_EQ(error_of(speakers(kListEntriesMax + 1)), DecodeError::kBadValue);
  EXPECT_EQ(error_of(std::string(kMessageBytesMax + 1, ' ')), DecodeError::kTooLong);
  EXPECT_EQ(error_of(std::string(1000, '[')), DecodeError::kNotJson);
}

TEST(Messages, EachLabelNeedsOneRight) {
  EXPECT_EQ(right_needed(TrackLabel::kMicrophone), RightKind::kAudio);
  EXPECT_EQ(right_needed(TrackLabel::kCamera), RightKind::kVideo);
  EXPECT_EQ(right_needed(TrackLabel::kExtraCamera), RightKind::kExtraVideo);
  EXPECT_EQ(right_needed(TrackLabel::kWound), RightKind::kExtraVideo);
  EXPECT_EQ(right_needed(TrackLabel::kScreen), RightKind::kScreen);
  EXPECT_EQ(right_needed(TrackLabel::kScreenAudio), RightKind::kScreen);
}

TEST(StartParameters, WorkerStartSurvives) {
  WorkerStart start;
  start.worker = 3;
  start.channel_fd = 7;
  start.udp = {{9, "192.0.2.1", 40003, "203.0.113.7"}};
  start.forbid_cm80 = true;
  start.dscp.audio = 12;
  start.measure_delay = true;
  start.log = {LogFormat::kJson, LogLevel::kDebug, "worker-3", "00ff"};
  const auto again = parse_worker_start(to_json(start));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->worker, 3U);
  EXPECT_EQ(again->supervisor_fd, -1);
  ASSERT_EQ(again->udp.size(), 1U);
  EXPECT_EQ(again->udp[0].port, 40003);
  EXPECT_EQ(again->dscp.audio, 12);
  EXPECT_TRUE(again->measure_delay);
  EXPECT_EQ(again->log.format, LogFormat::kJson);
  EXPECT_EQ(to_json(*again), to_json(start));
}

TEST(StartParameters, ControlStartSurvivesAndGarbageDoesNot) {
  ControlStart start;
  start.workers = 4;
  start.config_file = "/etc/eir/eird.yaml";
  start.config_yaml = to_yaml(Config{});
  start.https = {{5, "0.0.0.0", 8443, "0.0.0.0"}};
  const auto again = parse_control_start(to_json(start));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(to_json(*again), to_json(start));
  EXPECT_EQ(again->config_yaml, start.config_yaml);
  EXPECT_FALSE(parse_control_start("{}").has_value());
  EXPECT_FALSE(parse_control_start("").has_value());
  EXPECT_FALSE(parse_worker_start(to_json(start)).has_value());
}

}  // namespace
}  // namespace eir::channel
