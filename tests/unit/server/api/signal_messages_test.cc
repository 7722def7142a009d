#include "server/api/signal_messages.h"

#include <gtest/gtest.h>

#include <string>

namespace eir::signal {
namespace {

std::string code(std::string_view text) {
  const auto parsed = parse(text);
  const auto* refused = std::get_if<Refused>(&parsed);
  return refused == nullptr ? "ok" : refused->code;
}

template <class T>
T read(std::string_view text) {
  const auto parsed = parse(text);
  const auto* message = std::get_if<ClientMessage>(&parsed);
  if (message == nullptr || !std::holds_alternative<T>(*message)) {
    ADD_FAILURE() << text;
    return {};
  }
  return std::get<T>(*message);
}

TEST(SignalMessages, EveryClientMessageIsRead) {
  EXPECT_EQ(read<Hello>(R"({"type":"hello","session":"abc"})").session, "abc");
  EXPECT_EQ(read<Hello>(R"({"type":"hello","session":"abc","displayName":"Åse"})").display_name, "Åse");
  const auto offer = read<Offer>(R"({"type":"offer","id":3,"sdp":"v=0","fresh":true})");
  EXPECT_EQ(offer.id, 3);
  EXPECT_EQ(offer.sdp, "v=0");
  EXPECT_TRUE(offer.is_fresh);
  EXPECT_FALSE(read<Offer>(R"({"type":"offer","sdp":"v=0"})").id);
  const auto label = read<Label>(R"({"type":"label","mid":"1","label":"wound"})");
  EXPECT_EQ(label.mid, "1");
  EXPECT_EQ(label.label, channel::TrackLabel::kWound);
  const auto mute = read<Mute>(R"({"type":"mute","kind":"video","muted":true})");
  EXPECT_EQ(mute.kind, MuteKind::kVideo);
  EXPECT_TRUE(mute.muted);
  const auto persons = read<Persons>(R"({"type":"persons","persons":[{"role":"relative","name":"Åse"}]})");
  ASSERT_EQ(persons.persons.size(), 1U);
  EXPECT_EQ(persons.persons[0].role, Role::kRelative);
  EXPECT_EQ(persons.persons[0].name, "Åse");
  EXPECT_EQ(read<Chat>(R"({"type":"chat","text":"Hei,\nÅse\t!"})").text, "Hei,\nÅse\t!");
  EXPECT_EQ(read<RealTimeText>(R"({"type":"text","t140":"a\u0008\u2028b"})").t140,
            "a\b\xe2\x80\xa8"
            "b");
  read<Leave>(R"({"type":"leave"})");
  EXPECT_EQ(read<Ping>(R"({"type":"ping","id":-1})").id, -1);
}

TEST(SignalMessages, ViewReadsWishes) {
  const auto view = read<View>(
      R"({"type":"view","wishes":[{"mid":"7","participant":"p_AAAAAAAAAAAAAAAAAAAD","label":"screen","width":1280,"height":720,"priority":9},{"mid":"8","width":0,"height":0}]})");
  ASSERT_EQ(view.wishes.size(), 2U);
  EXPECT_EQ(view.wishes[0].participant->to_string(), "p_AAAAAAAAAAAAAAAAAAAD");
  EXPECT_EQ(view.wishes[0].label, channel::TrackLabel::kScreen);
  EXPECT_EQ(view.wishes[0].width, 1280U);
  EXPECT_EQ(view.wishes[0].priority, 9U);
  EXPECT_FALSE(view.wishes[1].participant);
}

TEST(SignalMessages, EachFaultHasItsCode) {
  EXPECT_EQ(code("x"), "invalid_json");
  EXPECT_EQ(code("[]"), "invalid_json");
  EXPECT_EQ(code("{}"), "missing_field");
  EXPECT_EQ(code(R"({"type":1})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"shout"})"), "unknown_type");
  EXPECT_EQ(code(R"({"type":"leave","why":1})"), "unknown_field");
  EXPECT_EQ(code(R"({"type":"offer"})"), "missing_field");
  EXPECT_EQ(code(R"({"type":"hello"})"), "missing_field");
  EXPECT_EQ(code(R"({"type":"hello","session":"abc","displayName":"a\nb"})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"mute","kind":"audio","muted":1})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"label","mid":"","label":"wound"})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"persons"})"), "missing_field");
  EXPECT_EQ(code(R"({"type":"persons","persons":[{"role":"ghost"}]})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"persons","persons":[{"role":"gp","age":1}]})"), "unknown_field");
  EXPECT_EQ(code(R"({"type":"persons","persons":[{"role":"gp","name":"a\nb"}]})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"label","mid":"1","label":"face"})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"view","wishes":[{"mid":"7","width":-1,"height":0}]})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"view","wishes":[{"mid":"7","width":16385,"height":1}]})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"view","wishes":[{"mid":"7","width":1,"height":1,"priority":10}]})"), "invalid_value");
  EXPECT_EQ(code(R"({"type":"view","wishes":[{"mid":"7","participant":"s_x","width":1,"height":1}]})"),
            "invalid_value");
}

TEST(SignalMessages, TextHasItsLengthAndNoOtherControlCharacters) {
  const auto chat = [](const std::string& text) { return code(R"({"type":"chat","text":")" + text + R"("})"); };
  const auto typed = [](const std::string& text) { return code(R"({"type":"text","t140":")" + text + R"("})"); };
  EXPECT_EQ(chat(std::string(kChatBytesMax, 'a')), "ok");
  EXPECT_EQ(typed(std::string(kRealTimeTextBytesMax, 'a')), "ok");
  for (const std::string& bad : {std::string(), std::string(kChatBytesMax + 1, 'a'), std::string("\\u0000"),
                                 std::string("\\u001b"), std::string("\\u007f")}) {
    EXPECT_EQ(chat(bad), "invalid_value") << bad.size();
    EXPECT_EQ(typed(bad), "invalid_value") << bad.size();
  }
  EXPECT_EQ(typed(std::string(kRealTimeTextBytesMax + 1, 'a')), "invalid_value");
  EXPECT_EQ(chat("\\u0008"), "invalid_value");
  EXPECT_EQ(typed("\\n"), "invalid_value");
}

TEST(SignalMessages, OneWishTooManyIsRefused) {
  const auto wishes = [](size_t count) {
    std::string list;
    for (size_t i = 0; i < count; ++i) list += std::string(i == 0 ? "" : ",") + R"({"mid":"7","width":1,"height":1})";
    return R"({"type":"view","wishes":[)" + list + "]}";
  };
  EXPECT_EQ(code(wishes(kWishesMax)), "ok");
  EXPECT_EQ(code(wishes(kWishesMax + 1)), "invalid_value");
}

TEST(SignalMessages, RefusalKeepsTheIdOfItsMessage) {
  const auto parsed = parse(R"({"type":"offer","id":9})");
  EXPECT_EQ(std::get<Refused>(parsed).id, 9);
  EXPECT_EQ(error("missing_field", "sdp", 9), R"({"type":"error","code":"missing_field","detail":"sdp","id":9})");
  EXPECT_EQ(pong(std::nullopt), R"({"type":"pong"})");
}

TEST(SignalMessages, SlotsTellSourcesByPublicIdAndHideUnknownOnes) {
  channel::Slot slot;
  slot.mid = "4";
  slot.track = TrackId(77);
  slot.kind = MediaKind::kVideo;
  slot.label = channel::TrackLabel::kCamera;
  slot.state = channel::SlotState::kLive;
  PublicSlot known;
  known.slot = &slot;
  known.source = ParticipantKey::parse("p_AAAAAAAAAAAAAAAAAAAD");
  EXPECT_EQ(
      slots({known}),
      R"({"type":"slots","slots":[{"mid":"4","participant":"p_AAAAAAAAAAAAAAAAAAAD","track":77,"kind":"video","label":"camera","state":"live"}]})");
  PublicSlot unknown;
  unknown.slot = &slot;
  EXPECT_EQ(slots({unknown}),
            R"({"type":"slots","slots":[{"mid":"4","kind":"video","label":"camera","state":"live"}]})");
}

}  // namespace
}  // namespace eir::signal
