#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

TEST_F(BackendTest, ServiceRoutesNeedTheServiceCredential) {
  EXPECT_EQ(code(call("POST", "/v1/consultations", "{}", "")), "unauthorized");
  EXPECT_EQ(code(call("POST", "/v1/consultations", "{}", "guess")), "unauthorized");
  create();
  const Person host = join(0);
  EXPECT_EQ(code(call("POST", "/v1/consultations", "{}", host.session)), "forbidden");
  EXPECT_EQ(code(call("GET", base, "", host.session)), "forbidden");
  EXPECT_EQ(call("GET", base, "", secret).status, 200);
}

TEST_F(BackendTest, UnknownRoutesAndMethodsHaveTheirCodes) {
  EXPECT_EQ(code(call("GET", "/v1/nothing", "", secret)), "not_found");
  EXPECT_EQ(code(call("GET", "/v1/join", "", secret)), "method_not_allowed");
  EXPECT_EQ(code(call("GET", "/v1/consultations/c_AAAAAAAAAAAAAAAAAAAB", "", secret)), "not_found");
  EXPECT_EQ(code(call("POST", "/v1/join", R"({"token":"x"})", "")), "unauthorized");
  EXPECT_EQ(code(call("POST", "/v1/join", R"({"token":"x","email":"y"})", "")), "unknown_field");
}

TEST_F(BackendTest, CreationTouchesNoWorker) {
  create();
  join(1);
  EXPECT_EQ(worker->rooms_opened, 0U);
}

TEST_F(BackendTest, WaitingPatientIsConnectedWithZeroRightsUntilAdmitted) {
  create();
  const Person host = join(0);
  const Person patient = join(1);
  EXPECT_EQ(host.state, "admitted");
  EXPECT_EQ(patient.state, "waiting");
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, patient);
  EXPECT_NE(connection.last("welcome").find(R"("state":"waiting","rights":[])"), std::string::npos);
  say(session, R"({"type":"offer","id":1,"sdp":"o"})");
  EXPECT_EQ(connection.last("answer"), R"({"type":"answer","sdp":"answer to o","id":1})");
  EXPECT_TRUE(rights(patient).send_kinds.empty());
  EXPECT_TRUE(rights(patient).receive_kinds.empty());
  EXPECT_EQ(rights(patient).groups, 0U);

  EXPECT_EQ(code(call("POST", base + "/participants/" + patient.id + "/admit", "", patient.session)), "forbidden");
  EXPECT_EQ(call("POST", base + "/participants/" + patient.id + "/admit", "", host.session).status, 200);
  EXPECT_EQ(rights(patient).send_kinds.size(), 3U);
  EXPECT_EQ(rights(patient).groups, 1U);
  EXPECT_NE(connection.last("admitted").find(host.id), std::string::npos);
}

TEST_F(BackendTest, WhoWaitsIsSeenByHostsAndSeesNobody) {
  create();
  const Person host = join(0);
  Connection host_connection;
  SignalSession host_session(backend->signalling, host_connection);
  hello(host_session, host);
  const Person patient = join(1);
  Connection patient_connection;
  SignalSession patient_session(backend->signalling, patient_connection);
  hello(patient_session, patient);
  EXPECT_NE(host_connection.last("roster").find(patient.id), std::string::npos);
  EXPECT_EQ(patient_connection.last("welcome").find(host.id), std::string::npos);
  EXPECT_EQ(patient_connection.last("roster").find(host.id), std::string::npos);
}

TEST_F(BackendTest, HostsMuteReachesTheWorkerAndOnlyTheMutedClearsIt) {
  create("test");
  const Person host = join(0);
  const Person patient = join(1);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, patient);
  EXPECT_EQ(call("POST", base + "/participants/" + patient.id + "/mute", "", host.session).status, 200);
  EXPECT_EQ(worker->muted_kinds[worker->numbers.at(patient.id)], 1U);
  EXPECT_EQ(connection.last("muted"), R"({"type":"muted","kinds":["audio"]})");
  say(session, R"({"type":"mute","kind":"audio","muted":false})");
  EXPECT_EQ(worker->muted_kinds[worker->numbers.at(patient.id)], 0U);
}

TEST_F(BackendTest, RefusedOfferComesBackWithTheSdpCode) {
  create();
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, join(0));
  say(session, R"({"type":"offer","id":7,"sdp":"bad"})");
  EXPECT_EQ(connection.last("error"), R"({"type":"error","code":"bundle_required","detail":"line 4","id":7})");
}

TEST_F(BackendTest, FreshOfferClosesTheOlderTransport) {
  create();
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, join(0));
  say(session, R"({"type":"offer","sdp":"a","fresh":true})");
  say(session, R"({"type":"offer","sdp":"b"})");
  say(session, R"({"type":"offer","sdp":"c","fresh":true})");
  ASSERT_EQ(worker->transports.size(), 3U);
  EXPECT_EQ(worker->transports[0], worker->transports[1]);
  EXPECT_NE(worker->transports[0], worker->transports[2]);
  EXPECT_EQ(worker->closed_transports, std::vector<uint32_t>{worker->transports[0]});
}

TEST_F(BackendTest, FirstFrameIsHelloOrTheConnectionCloses) {
  Connection connection;
  SignalSession session(backend->signalling, connection);
  say(session, R"({"type":"ping"})");
  EXPECT_EQ(connection.closed, CloseCode::kViolation);
  EXPECT_TRUE(connection.texts.empty());

  Connection stranger;
  SignalSession strange(backend->signalling, stranger);
  say(strange, R"({"type":"hello","session":"guess"})");
  EXPECT_EQ(stranger.closed, CloseCode::kUnauthorized);
}

TEST_F(BackendTest, MalformedMessageChangesNothingAndASecondHelloCloses) {
  create();
  const Person host = join(0);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, host);
  say(session, R"({"type":"mute","kind":"audio"})");
  EXPECT_EQ(connection.last("error"), R"({"type":"error","code":"missing_field","detail":"muted"})");
  EXPECT_FALSE(connection.closed);
  hello(session, host);
  EXPECT_EQ(connection.closed, CloseCode::kViolation);
}

TEST_F(BackendTest, NewerConnectionTakesOverAndTheOlderOneIsClosed) {
  create();
  const Person host = join(0);
  Connection old_connection;
  SignalSession old_session(backend->signalling, old_connection);
  hello(old_session, host);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, host);
  EXPECT_EQ(old_connection.closed, CloseCode::kTakenOver);
  EXPECT_FALSE(connection.closed);
  EXPECT_EQ(backend->signalling.session_count(), 1U);
}

TEST_F(BackendTest, LostSignalMeansReconnectingThenLeftThenGoneFromTheWorker) {
  create();
  const Person host = join(0);
  const auto listed = [&] { return call("GET", base + "/participants", "", secret).body; };
  {
    Connection connection;
    SignalSession session(backend->signalling, connection);
    hello(session, host);
  }
  EXPECT_NE(listed().find(R"("state":"reconnecting")"), std::string::npos);
  clock.at.steady += 30s;
  backend->handle_tick();
  settle();
  EXPECT_NE(listed().find(R"("state":"left")"), std::string::npos);
  EXPECT_EQ(worker->left, 1U);
  EXPECT_EQ(call("POST", "/v1/join/resume", R"({"resume":")" + host.resume + R"("})", "").status, 200);
}

TEST_F(BackendTest, SessionTokenIsRenewedHalfwayAndTheNewOneIsGood) {
  create();
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, join(0));
  clock.at.steady += 5min - 1s;
  backend->handle_tick();
  EXPECT_EQ(connection.last("session"), "");
  clock.at.steady += 1s;
  backend->handle_tick();
  const json::value renewed = json::parse(connection.last("session"));
  EXPECT_EQ(renewed.at("expiresIn").as_int64(), 600);
  const std::string token(renewed.at("session").as_string());
  EXPECT_EQ(call("GET", base + "/participants", "", token).status, 200);
}

TEST_F(BackendTest, EndClosesEverybodyAndTheRoom) {
  create();
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, join(0));
  EXPECT_EQ(call("POST", base + "/end", "", secret).status, 200);
  EXPECT_EQ(connection.last("ended"), R"({"type":"ended"})");
  EXPECT_EQ(connection.closed, CloseCode::kRemoved);
  EXPECT_EQ(worker->rooms_closed, 1U);
  EXPECT_EQ(backend->bridge.room_count(), 0U);
}

TEST_F(BackendTest, SlotsAndSpeakersAreToldByPublicIds) {
  create();
  const Person host = join(0);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, host);
  const ParticipantId number(worker->numbers.at(host.id));
  channel::SlotsChanged changed;
  changed.participant = number;
  changed.slots.resize(1);
  changed.slots[0].mid = "2";
  changed.slots[0].track = TrackId(9);
  changed.slots[0].source = number;
  worker->send_event(changed);
  run_until([&] { return !connection.last("slots").empty(); });
  EXPECT_NE(connection.last("slots").find(R"("participant":")" + host.id + R"(","track":9)"), std::string::npos);
  channel::ActiveSpeakers speakers;
  speakers.room = worker->room;
  speakers.participants = {number};
  worker->send_event(speakers);
  run_until([&] { return !connection.last("speakers").empty(); });
  EXPECT_EQ(connection.last("speakers"), R"({"type":"speakers","participants":[")" + host.id + R"("]})");
}

TEST_F(BackendTest, WantedLayersAreToldAndToldAgainAfterHello) {
  create();
  const Person host = join(0);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, host);
  channel::LayersWanted layers;
  layers.participant = ParticipantId(worker->numbers.at(host.id));
  layers.mid = "1";
  layers.rids = {"q", "h"};
  worker->send_event(layers);
  const std::string expected = R"({"type":"layers","mid":"1","rids":["q","h"]})";
  run_until([&] { return !connection.last("layers").empty(); });
  EXPECT_EQ(connection.last("layers"), expected);
  Connection later;
  SignalSession again(backend->signalling, later);
  hello(again, host);
  EXPECT_EQ(later.last("layers"), expected);
}

TEST_F(BackendTest, ASilentPairIsToldToBothAndToTheHostUnlessItIsMutedByItself) {
  create("test");
  struct Seated {
    Person person;
    Connection connection;
    std::unique_ptr<SignalSession> session;
  };
  std::array<Seated, 4> all;  // a host, a patient, two observers
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].person = join(std::min<size_t>(i, 2));
    all[i].session = std::make_unique<SignalSession>(backend->signalling, all[i].connection);
    hello(*all[i].session, all[i].person);
  }
  const auto number = [&](size_t i) { return ParticipantId(worker->numbers.at(all[i].person.id)); };
  channel::PairSilenceChanged silence;
  silence.publisher = number(1);
  silence.receiver = number(2);
  silence.kind = MediaKind::kVideo;
  silence.silence = channel::PairSilence::kServer;
  worker->send_event(silence);
  const std::string expected = R"({"type":"silence","from":")" + all[1].person.id + R"(","to":")" + all[2].person.id +
                               R"(","kind":"video","label":"microphone","where":"server"})";
  run_until([&] { return !all[2].connection.last("silence").empty(); });
  for (const size_t i : {0, 1, 2}) EXPECT_EQ(all[i].connection.last("silence"), expected) << i;
  EXPECT_EQ(all[3].connection.last("silence"), "");

  say(*all[1].session, R"({"type":"mute","kind":"audio","muted":true})");
  silence.kind = MediaKind::kAudio;
  silence.silence = channel::PairSilence::kSource;
  worker->send_event(silence);
  silence.silence = channel::PairSilence::kNone;
  worker->send_event(silence);
  run_until([&] { return all[2].connection.last("silence") != expected; });
  EXPECT_NE(all[2].connection.last("silence").find(R"("where":"none")"), std::string::npos);
  EXPECT_EQ(all[2].connection.count("silence"), 2U) << "what somebody muted is no news";
}

TEST_F(BackendTest, TheWorkerLearnsWhoSigns) {
  create();
  const auto made = call("POST", base + "/seats", R"({"role":"interpreter"})", secret);
  ASSERT_EQ(made.status, 201);
  seats.emplace_back(boost::json::parse(made.body).at("id").as_string());
  Connection first;
  Connection second;
  SignalSession hosts(backend->signalling, first);
  SignalSession interpreters(backend->signalling, second);
  const Person host = join(0);
  const Person interpreter = join(seats.size() - 1);
  hello(hosts, host);
  hello(interpreters, interpreter);
  EXPECT_FALSE(worker->signs.at(worker->numbers.at(host.id)));
  EXPECT_TRUE(worker->signs.at(worker->numbers.at(interpreter.id)));
}

TEST_F(BackendTest, WishForAParticipantOfAnotherConsultationIsNotFound) {
  create();
  const Person stranger = join(0);
  create();
  Connection connection;
  SignalSession session(backend->signalling, connection);
  const Person host = join(0);
  hello(session, host);
  const auto view = [](const Person& person) {
    return R"({"type":"view","wishes":[{"mid":"3","participant":")" + person.id + R"(","width":640,"height":360}]})";
  };
  say(session, view(stranger));
  EXPECT_EQ(connection.last("error"), R"({"type":"error","code":"not_found","detail":"participant"})");
  EXPECT_TRUE(worker->wishes.empty());
  say(session, view(host));
  ASSERT_EQ(worker->wishes.size(), 1U);
  EXPECT_EQ(worker->wishes[0].source.value, worker->numbers.at(host.id));
}

TEST_F(BackendTest, LostRoomAsksClientsToConnectAnewAndOpensAgain) {
  create();
  Connection connection;
  SignalSession session(backend->signalling, connection);
  hello(session, join(0));
  say(session, R"({"type":"offer","sdp":"a"})");
  backend->on_rooms_lost(0, {worker->room});
  EXPECT_EQ(connection.last("renew"), R"({"type":"renew","reason":"worker_lost"})");
  say(session, R"({"type":"offer","id":2,"sdp":"b","fresh":true})");
  EXPECT_EQ(connection.last("answer"), R"({"type":"answer","sdp":"answer to b","id":2})");
  EXPECT_EQ(worker->rooms_opened, 2U);
}

TEST_F(BackendTest, ManyBadTokensFromOneSourceAreSlowedDown) {
  HttpAnswer last;
  for (int i = 0; i < 121; ++i) last = call("POST", "/v1/join", R"({"token":"x"})", "");
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(code(last), "rate_limited");
}

TEST_F(BackendTest, DrainingNodeTakesNobodyNew) {
  create();
  const std::string token = invite(0);
  backend->on_drain_asked();
  const auto refused = call("POST", "/v1/join", R"({"token":")" + token + R"("})", "");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(code(refused), "draining");
  EXPECT_EQ(header(refused, "Retry-After"), "20");
}

// Two snapshots of a worker that uses all of its core.
channel::Counters busy_at(double second) {
  return {{{"worker_clock_seconds", second}, {"worker_cpu_seconds_total", second}, {"udp_bytes_out_total", 0}}};
}

TEST_F(BackendTest, ABusyNodeTakesNobodyNewButWhoIsInStaysAndComesBack) {
  create();
  const Person nurse = join(0);
  Connection connection;
  SignalSession session(backend->signalling, connection);
  const std::string taken = invite(0);
  const std::string patient = invite(1);
  worker->send_event(busy_at(10));
  worker->send_event(busy_at(11));
  run_until([this] { return backend->workers.status()[0].is_busy; });

  const auto refused = call("POST", "/v1/join", R"({"token":")" + patient + R"("})", "");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(code(refused), "node_busy");
  EXPECT_EQ(header(refused, "Retry-After"), "10");
  EXPECT_EQ(backend->rest.counters().joins_busy, 1U);
  EXPECT_EQ(code(call("POST", "/v1/join", R"({"token":"x"})", "")), "unauthorized");

  // Admitted before it was busy: the room is opened all the same.
  hello(session, nurse);
  say(session, R"({"type":"offer","sdp":"a"})");
  EXPECT_EQ(connection.last("answer"), R"({"type":"answer","sdp":"answer to a"})");
  EXPECT_EQ(call("POST", "/v1/join/resume", R"({"resume":")" + nurse.resume + R"("})", "").status, 200);
  // The same seat from another page: nobody more.
  EXPECT_EQ(call("POST", "/v1/join", R"({"token":")" + taken + R"("})", "").status, 200);

  config.limits.cpu_percent = 0;
  backend->take_limits();
  EXPECT_EQ(call("POST", "/v1/join", R"({"token":")" + patient + R"("})", "").status, 200);
}

TEST_F(BackendTest, WhatAWorkerTookToTheFirstPacketIsCounted) {
  channel::MediaStarted started;
  started.elapsed_ms = 187;
  worker->send_event(started);
  run_until([this] { return backend->first_media.snapshot().count == 1; });
  EXPECT_DOUBLE_EQ(backend->first_media.snapshot().sum, 0.187);
}

}  // namespace
}  // namespace eir
