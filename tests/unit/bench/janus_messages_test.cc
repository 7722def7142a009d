#include "bench/janus_messages.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <stdexcept>

namespace eir::bench {
namespace {

namespace json = boost::json;
using Kind = JanusMessage::Kind;

// Equal as JSON: the order of members means nothing.
void expect_json(const std::string& text, const char* wanted) { EXPECT_EQ(json::parse(text), json::parse(wanted)); }

TEST(JanusRequests, SessionsAndHandles) {
  expect_json(janus_create_session("t1"), R"({"janus":"create","transaction":"t1"})");
  expect_json(janus_attach_video_room(5, "t2"),
              R"({"janus":"attach","session_id":5,"plugin":"janus.plugin.videoroom","transaction":"t2"})");
  expect_json(janus_keep_alive(5, "t3"), R"({"janus":"keepalive","session_id":5,"transaction":"t3"})");
  expect_json(janus_detach({5, 6}, "t4"), R"({"janus":"detach","session_id":5,"handle_id":6,"transaction":"t4"})");
}

TEST(JanusRequests, ARoomLeavesToThePluginWhatItDoesNotName) {
  expect_json(janus_create_room({5, 6}, "t", 1000, 250),
              R"({"janus":"message","session_id":5,"handle_id":6,"transaction":"t",
                  "body":{"request":"create","room":1000,"publishers":250,"audiocodec":"opus","videocodec":"vp8"}})");
}

TEST(JanusRequests, APublisherOffers) {
  expect_json(janus_publish({5, 6}, "t", 1000, "v=0\r\n"),
              R"({"janus":"message","session_id":5,"handle_id":6,"transaction":"t",
                  "body":{"request":"joinandconfigure","ptype":"publisher","room":1000},
                  "jsep":{"type":"offer","sdp":"v=0\r\n","trickle":false}})");
}

TEST(JanusRequests, AWatcherNamesAllFeedsAndAnswers) {
  const std::array<uint64_t, 2> feeds = {11, 12};
  expect_json(janus_subscribe({5, 6}, "t", 1000, feeds),
              R"({"janus":"message","session_id":5,"handle_id":6,"transaction":"t",
                  "body":{"request":"join","ptype":"subscriber","room":1000,"streams":[{"feed":11},{"feed":12}]}})");
  expect_json(janus_start({5, 6}, "t", "v=0\r\n"),
              R"({"janus":"message","session_id":5,"handle_id":6,"transaction":"t","body":{"request":"start"},
                  "jsep":{"type":"answer","sdp":"v=0\r\n","trickle":false}})");
}

TEST(JanusMessage, SuccessHasTheIdThatWasMade) {
  const JanusMessage message =
      parse_janus_message(R"({"janus":"success","transaction":"t1","data":{"id":8259891649000091}})");
  EXPECT_EQ(message.kind, Kind::kSuccess);
  EXPECT_EQ(message.transaction, "t1");
  EXPECT_EQ(message.id, 8259891649000091U);
  EXPECT_EQ(message.error_code, 0);
}

TEST(JanusMessage, AnAcknowledgementIsNoResult) {
  EXPECT_EQ(parse_janus_message(R"({"janus":"ack","session_id":1,"transaction":"t1"})").kind, Kind::kAck);
}

TEST(JanusMessage, AnEventBringsTheFeedAndTheAnswer) {
  const JanusMessage message = parse_janus_message(
      R"({"janus":"event","session_id":1,"transaction":"t9","sender":3,
          "plugindata":{"plugin":"janus.plugin.videoroom","data":{"videoroom":"joined","room":8,"id":5610294085947958,
            "publishers":[]}},
          "jsep":{"type":"answer","sdp":"v=0\r\n"}})");
  EXPECT_EQ(message.kind, Kind::kEvent);
  EXPECT_EQ(message.feed, 5610294085947958U);
  EXPECT_EQ(message.sdp_type, "answer");
  EXPECT_EQ(message.sdp, "v=0\r\n");
}

TEST(JanusMessage, ARoomsIdIsNoFeed) {
  const JanusMessage message = parse_janus_message(
      R"({"janus":"event","plugindata":{"plugin":"p","data":{"videoroom":"attached","room":8,"id":77}}})");
  EXPECT_EQ(message.feed, 0U);
}

TEST(JanusMessage, APluginsErrorComesAsSuccessOrEvent) {
  const JanusMessage message = parse_janus_message(
      R"({"janus":"success","plugindata":{"plugin":"janus.plugin.videoroom",
          "data":{"videoroom":"event","error_code":427,"error":"Room 7 already exists"}}})");
  EXPECT_EQ(message.kind, Kind::kSuccess);
  EXPECT_EQ(message.error_code, 427);
  EXPECT_EQ(message.error, "Room 7 already exists");
}

TEST(JanusMessage, AnErrorOfTheCoreHasItsReason) {
  const JanusMessage message = parse_janus_message(
      R"({"janus":"error","transaction":"t1","error":{"code":458,"reason":"No such session 4711"}})");
  EXPECT_EQ(message.kind, Kind::kError);
  EXPECT_EQ(message.error_code, 458);
  EXPECT_EQ(message.error, "No such session 4711");
}

TEST(JanusMessage, NotificationsAreOther) {
  const JanusMessage message = parse_janus_message(R"({"janus":"webrtcup","session_id":1,"sender":3})");
  EXPECT_EQ(message.kind, Kind::kOther);
  EXPECT_EQ(message.name, "webrtcup");
}

// What stands in the exception for a text; empty if it was read.
std::string complaint(std::string_view text) {
  try {
    static_cast<void>(parse_janus_message(text));
    return {};
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(JanusMessage, WhatIsWrongIsSaid) {
  EXPECT_TRUE(complaint("{\"janus\":").starts_with("Janus' message: not JSON: "));
  EXPECT_TRUE(complaint("").starts_with("Janus' message: not JSON: "));
  EXPECT_EQ(complaint("[1]"), "Janus' message: no object");
  EXPECT_EQ(complaint("{}"), "Janus' message: has no \"janus\"");
  EXPECT_EQ(complaint(R"({"janus":1})"), "Janus' message: janus is no string");
  EXPECT_EQ(complaint(R"({"janus":"success","data":7})"), "Janus' message: data is no object");
  EXPECT_EQ(complaint(R"({"janus":"success","data":{"id":-1}})"),
            "Janus' message: id is no number, or beyond its range");
  EXPECT_EQ(complaint(R"({"janus":"success","data":{"id":"x"}})"),
            "Janus' message: id is no number, or beyond its range");
  EXPECT_EQ(complaint(R"({"janus":"event","jsep":{"type":"answer","sdp":5}})"), "Janus' message: sdp is no string");
  EXPECT_EQ(complaint(R"({"janus":"error","transaction":"t"})"), "Janus' message: an error without a reason");
}

}  // namespace
}  // namespace eir::bench
