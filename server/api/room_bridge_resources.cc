// RoomBridge: the transports that come by WHIP and WHEP.
#include <algorithm>

#include "server/api/room_bridge.h"

namespace eir {

namespace asio = boost::asio;

namespace {

// RFC 8840 section 4.4: what stands for the m-line in a fragment; the payload type means nothing.
std::string media_lines(const channel::Answer& answer) {
  const auto carrier = std::ranges::find_if(answer.media, [](const channel::NegotiatedMedia& media) {
    return media.use == channel::MediaUse::kPublished || media.use == channel::MediaUse::kSlot;
  });
  if (carrier == answer.media.end()) return {};
  const std::string kind = carrier->kind == MediaKind::kAudio ? "audio" : "video";
  return "m=" + kind + " 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:" + carrier->mid + "\r\n";
}

}  // namespace

WhipResource* RoomBridge::Member::find(WhipResourceKey key) {
  if (key == WhipResourceKey{}) return nullptr;
  const auto found = std::ranges::find(resources, key, &WhipResource::key);
  return found == resources.end() ? nullptr : &*found;
}

const WhipResource* RoomBridge::find_resource(ParticipantRef who, WhipResourceKey key) const {
  const RoomPtr room = find_room(who.consultation);
  if (room == nullptr) return nullptr;
  const auto found = room->members.find(who.participant);
  return found == room->members.end() ? nullptr : found->second.find(key);
}

asio::awaitable<std::variant<std::string, Problem>> RoomBridge::add_resource(ParticipantRef who, WhipResource resource,
                                                                             std::string offer, size_t transports_max) {
  RoomPtr room = room_for(who.consultation);
  const AsyncLock::Hold hold = co_await room->lock.acquire();
  if (Failure failure = co_await sync_locked(room, who, true)) co_return std::move(*failure);
  const auto found = room->members.find(who.participant);
  if (found == room->members.end()) co_return Problem{404, "not_found", ""};
  Member& member = found->second;
  if (member.resources.size() + (member.web ? 1 : 0) >= transports_max) {
    co_return Problem{409, "too_many_transports", ""};
  }
  channel::Negotiate negotiate;
  negotiate.participant = member.number;
  negotiate.transport = workers_.new_transport_id();
  negotiate.session_kind = resource.kind;
  negotiate.offer = std::move(offer);
  const WhipResourceKey key = resource.key;
  const TransportId transport = negotiate.transport;
  resource.transport = transport;
  // Before the reply, so that what the worker says of the transport meanwhile is understood.
  member.resources.push_back(std::move(resource));
  consultations_.transport_opened(clock_.now(), who);
  auto answer = co_await workers_.call(room->number, std::move(negotiate));
  if (!answer) {
    drop_resource(who, member, transport, false);
    co_return problem_of(answer.error());
  }
  // The worker may have died in this moment: then the resource is known no more, and is posted anew.
  if (WhipResource* added = member.find(key)) added->media = media_lines(*answer);
  co_return std::move(answer->sdp);
}

asio::awaitable<std::variant<RestartedIce, Problem>> RoomBridge::restart_resource(ParticipantRef who,
                                                                                  WhipResourceKey key,
                                                                                  IceRestartWish wish) {
  RoomPtr room = room_for(who.consultation);
  const AsyncLock::Hold hold = co_await room->lock.acquire();
  const WhipResource* before = find_resource(who, key);
  if (before == nullptr) co_return Problem{404, "not_found", ""};
  // Another restart may have come first while this one waited.
  if (wish.ice_session && *wish.ice_session != before->ice_session) co_return Problem{412, "precondition_failed", ""};
  channel::RestartIce restart;
  restart.transport = before->transport;
  restart.ufrag = wish.ufrag;
  restart.password = std::move(wish.password);
  auto fresh = co_await workers_.call(room->number, std::move(restart));
  const auto found = room->members.find(who.participant);
  WhipResource* after = found == room->members.end() ? nullptr : found->second.find(key);
  if (after == nullptr) co_return Problem{404, "not_found", ""};
  if (!fresh) co_return problem_of(fresh.error());
  after->ufrag = std::move(wish.ufrag);
  ++after->ice_session;
  co_return RestartedIce{*after, std::move(*fresh)};
}

asio::awaitable<bool> RoomBridge::remove_resource(ParticipantRef who, WhipResourceKey key) {
  RoomPtr room = find_room(who.consultation);
  if (room == nullptr) co_return false;
  const AsyncLock::Hold hold = co_await room->lock.acquire();
  const WhipResource* resource = find_resource(who, key);
  if (resource == nullptr) co_return false;
  channel::CloseTransport close;
  close.transport = resource->transport;
  drop_resource(who, room->members.at(who.participant), close.transport, false);
  // A worker that does not answer has lost the transport as well.
  co_await workers_.call(room->number, std::move(close));
  co_return true;
}

void RoomBridge::drop_resource(ParticipantRef who, Member& member, TransportId transport, bool is_timed_out) {
  const auto gone = std::ranges::find(member.resources, transport, &WhipResource::transport);
  if (gone == member.resources.end()) return;
  member.resources.erase(gone);
  consultations_.transport_closed(clock_.now(), who, is_timed_out);
}

void RoomBridge::drop_resources(ParticipantRef who, Member& member) {
  while (!member.resources.empty()) drop_resource(who, member, member.resources.back().transport, false);
}

}  // namespace eir
