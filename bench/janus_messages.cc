#include "bench/janus_messages.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <stdexcept>
#include <utility>

namespace eir::bench {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::object request(std::string_view name, std::string_view transaction) {
  return {{"janus", view(name)}, {"transaction", view(transaction)}};
}

json::object to_handle(std::string_view name, const JanusAddress& address, std::string_view transaction) {
  json::object out = request(name, transaction);
  out["session_id"] = address.session;
  if (address.handle != 0) out["handle_id"] = address.handle;
  return out;
}

std::string to_plugin(const JanusAddress& address, std::string_view transaction, json::object body) {
  json::object out = to_handle("message", address, transaction);
  out["body"] = std::move(body);
  return json::serialize(out);
}

// All there is to say about addresses stands in the description.
std::string to_plugin(const JanusAddress& address, std::string_view transaction, json::object body,
                      std::pair<const char*, const std::string&> description) {
  json::object out = to_handle("message", address, transaction);
  out["body"] = std::move(body);
  out["jsep"] = {{"type", description.first}, {"sdp", description.second}, {"trickle", false}};
  return json::serialize(out);
}

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("Janus' message: " + what); }

// The member; a null value if it is absent.
const json::value& member(const json::object& object, std::string_view name) {
  static const json::value absent;
  const json::value* const found = object.if_contains(view(name));
  return found == nullptr ? absent : *found;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value& value = member(object, name);
  if (value.is_null()) return {};
  if (!value.is_string()) fail(std::string(name) + " is no string");
  return std::string(value.as_string());
}

template <class Number>
Number number_of(const json::object& object, std::string_view name) {
  const json::value& value = member(object, name);
  if (value.is_null()) return 0;
  boost::system::error_code error;
  const auto number = value.to_number<Number>(error);
  if (error) fail(std::string(name) + " is no number, or beyond its range");
  return number;
}

// Nothing if it is absent.
const json::object* object_of(const json::object& object, std::string_view name) {
  const json::value& value = member(object, name);
  if (value.is_null()) return nullptr;
  if (!value.is_object()) fail(std::string(name) + " is no object");
  return &value.get_object();
}

JanusMessage::Kind kind_of(std::string_view name) {
  using Kind = JanusMessage::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 4> kKinds = {
      {{"ack", Kind::kAck}, {"success", Kind::kSuccess}, {"event", Kind::kEvent}, {"error", Kind::kError}}};
  const auto* const found = std::ranges::find(kKinds, name, &std::pair<std::string_view, Kind>::first);
  return found == kKinds.end() ? Kind::kOther : found->second;
}

void read_plugin(const json::object& data, JanusMessage& out) {
  if (text_of(data, "videoroom") == "joined") out.feed = number_of<uint64_t>(data, "id");
  if (data.if_contains("error_code") == nullptr) return;
  out.error_code = number_of<int64_t>(data, "error_code");
  out.error = text_of(data, "error");
}

}  // namespace

std::string janus_create_session(std::string_view transaction) {
  return json::serialize(request("create", transaction));
}

std::string janus_attach_video_room(uint64_t session, std::string_view transaction) {
  json::object out = to_handle("attach", {session, 0}, transaction);
  out["plugin"] = "janus.plugin.videoroom";
  return json::serialize(out);
}

std::string janus_keep_alive(uint64_t session, std::string_view transaction) {
  return json::serialize(to_handle("keepalive", {session, 0}, transaction));
}

std::string janus_detach(const JanusAddress& address, std::string_view transaction) {
  return json::serialize(to_handle("detach", address, transaction));
}

std::string janus_create_room(const JanusAddress& address, std::string_view transaction, uint64_t room,
                              size_t publishers) {
  return to_plugin(address, transaction,
                   {{"request", "create"},
                    {"room", room},
                    {"publishers", publishers},
                    {"audiocodec", "opus"},
                    {"videocodec", "vp8"}});
}

std::string janus_publish(const JanusAddress& address, std::string_view transaction, uint64_t room,
                          const std::string& offer) {
  return to_plugin(address, transaction, {{"request", "joinandconfigure"}, {"ptype", "publisher"}, {"room", room}},
                   {"offer", offer});
}

std::string janus_subscribe(const JanusAddress& address, std::string_view transaction, uint64_t room,
                            std::span<const uint64_t> feeds) {
  json::array streams;
  for (const uint64_t feed : feeds) streams.push_back(json::object{{"feed", feed}});
  return to_plugin(address, transaction,
                   {{"request", "join"}, {"ptype", "subscriber"}, {"room", room}, {"streams", std::move(streams)}});
}

std::string janus_start(const JanusAddress& address, std::string_view transaction, const std::string& answer) {
  return to_plugin(address, transaction, {{"request", "start"}}, {"answer", answer});
}

JanusMessage parse_janus_message(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(view(text), error);
  if (error) fail("not JSON: " + error.message());
  if (!value.is_object()) fail("no object");
  const json::object& message = value.get_object();
  JanusMessage out;
  out.name = text_of(message, "janus");
  if (out.name.empty()) fail("has no \"janus\"");
  out.kind = kind_of(out.name);
  out.transaction = text_of(message, "transaction");
  if (const json::object* data = object_of(message, "data")) out.id = number_of<uint64_t>(*data, "id");
  if (const json::object* plugin = object_of(message, "plugindata")) {
    if (const json::object* data = object_of(*plugin, "data")) read_plugin(*data, out);
  }
  if (const json::object* jsep = object_of(message, "jsep")) {
    out.sdp_type = text_of(*jsep, "type");
    out.sdp = text_of(*jsep, "sdp");
  }
  if (out.kind == JanusMessage::Kind::kError) {
    const json::object* reason = object_of(message, "error");
    if (reason == nullptr) fail("an error without a reason");
    out.error_code = number_of<int64_t>(*reason, "code");
    out.error = text_of(*reason, "reason");
  }
  return out;
}

}  // namespace eir::bench
