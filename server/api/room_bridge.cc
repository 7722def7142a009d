#include "server/api/room_bridge.h"

#include <algorithm>
#include <utility>

#include "server/telemetry/log.h"

namespace eir {

namespace asio = boost::asio;
using channel::RightKind;

namespace {

std::vector<RightKind> to_kinds(Rights rights) {
  std::vector<RightKind> kinds;
  if (rights.has(Right::kAudio)) kinds.push_back(RightKind::kAudio);
  if (rights.has(Right::kVideo)) kinds.push_back(RightKind::kVideo);
  if (rights.has(Right::kExtraCamera)) kinds.push_back(RightKind::kExtraVideo);
  if (rights.has(Right::kScreen)) kinds.push_back(RightKind::kScreen);
  return kinds;
}

}  // namespace

channel::Rights media_rights(const Consultation& consultation, const Participant& participant) {
  channel::Rights media{.send_kinds = to_kinds(rights_of(consultation, participant)),
                        .receive_kinds = to_kinds(receives_of(consultation, participant)),
                        .groups = participant.groups};
  // Whoever may nothing is in no group either: waiting, held, gone.
  if (media.send_kinds.empty() && media.receive_kinds.empty()) media.groups = 0;
  return media;
}

std::vector<RightKind> media_kinds(MuteKinds kinds) {
  std::vector<RightKind> media;
  if (kinds.has(MuteKind::kAudio)) media.push_back(RightKind::kAudio);
  if (kinds.has(MuteKind::kVideo)) {
    media.push_back(RightKind::kVideo);
    media.push_back(RightKind::kExtraVideo);
  }
  if (kinds.has(MuteKind::kScreen)) media.push_back(RightKind::kScreen);
  return media;
}

namespace {

bool equal(const channel::Rights& a, const channel::Rights& b) {
  return a.send_kinds == b.send_kinds && a.receive_kinds == b.receive_kinds && a.groups == b.groups;
}

template <class T>
std::optional<Problem> failure_of(const WorkerResult<T>& result) {
  if (result) return std::nullopt;
  return problem_of(result.error());
}

}  // namespace

asio::awaitable<std::optional<Problem>> RoomBridge::sync(ParticipantRef who, bool create) {
  RoomPtr room = create ? room_for(who.consultation) : find_room(who.consultation);
  if (room == nullptr) co_return std::nullopt;
  const AsyncLock::Hold hold = co_await room->lock.acquire();
  co_return co_await sync_locked(room, who, create);
}

asio::awaitable<std::optional<Problem>> RoomBridge::sync_all(ConsultationKey key) {
  RoomPtr room = find_room(key);
  if (room == nullptr) co_return std::nullopt;
  const AsyncLock::Hold hold = co_await room->lock.acquire();
  std::vector<ParticipantKey> members;
  for (const auto& [participant, member] : room->members) members.push_back(participant);
  Failure first;
  for (const ParticipantKey participant : members) {
    Failure failure = co_await sync_locked(room, {key, participant}, false);
    if (failure && !first) first = std::move(failure);
  }
  co_return first;
}

asio::awaitable<void> RoomBridge::adopt(ConsultationKey key, channel::ReportedRoom reported) {
  RoomPtr room = room_for(key);
  {
    const AsyncLock::Hold hold = co_await room->lock.acquire();
    // Somebody was quicker and has opened a new one.
    if (room->number) {
      co_await workers_.close_room(reported.room);
      co_return;
    }
    room->number = reported.room;
    for (channel::ReportedParticipant& person : reported.participants) {
      if (const auto participant = ParticipantKey::parse(person.tag)) adopt_member(*room, *participant, person);
    }
  }
  co_await sync_all(key);
}

void RoomBridge::adopt_member(Room& room, ParticipantKey participant, channel::ReportedParticipant& person) {
  const ParticipantRef who{room.consultation, participant};
  Member& member = room.members[participant];
  member.number = person.participant;
  member.is_joined = true;
  member.rights = std::move(person.rights);
  member.muted = std::move(person.muted_kinds);
  numbers_.emplace(member.number, who);
  for (const channel::ReportedTransport& transport : person.transports) {
    if (transport.session_kind == channel::SessionKind::kWeb) {
      member.web = transport.transport;
    } else {
      member.resources.emplace_back();
      member.resources.back().kind = transport.session_kind;
      member.resources.back().transport = transport.transport;
    }
    consultations_.transport_opened(clock_.now(), who);
  }
}

asio::awaitable<RoomBridge::Failure> RoomBridge::sync_locked(RoomPtr room, ParticipantRef who, bool create) {
  const Consultation* consultation = consultations_.find(who.consultation);
  const Participant* participant = consultation == nullptr ? nullptr : consultation->find_participant(who.participant);
  if (participant == nullptr || participant->presence == Presence::kLeft) co_return co_await take_out(room, who);

  auto found = room->members.find(who.participant);
  if (found == room->members.end()) {
    if (!create) co_return std::nullopt;
    found = room->members.emplace(who.participant, Member{}).first;
    found->second.number = workers_.new_participant_id();
    numbers_.emplace(found->second.number, who);
  }
  channel::Join wanted;
  wanted.rights = media_rights(*consultation, *participant);
  wanted.echo = participant->wants_echo;
  wanted.signs = consultation->kind->policy_of(participant->role).signs;
  std::vector<RightKind> muted = media_kinds(participant->host_muted);
  if (!room->number) {
    // Nobody is in a room that no worker has: it is opened by who comes, not by who changes.
    if (!create) co_return std::nullopt;
    if (Failure failure = co_await open(room, *consultation)) co_return failure;
  }
  co_return co_await apply(room, found->second, std::move(wanted), std::move(muted));
}

asio::awaitable<RoomBridge::Failure> RoomBridge::open(RoomPtr room, const Consultation& consultation) {
  RoomOptions options;
  options.tag = consultation.key.to_string();
  options.audio_only = consultation.kind->is_audio_only;
  options.participants_max = static_cast<uint32_t>(consultations_.participants_max(consultation));
  const WorkerResult<RoomId> opened = co_await workers_.open_room(std::move(options));
  if (!opened) co_return problem_of(opened.error());
  room->number = *opened;
  co_return std::nullopt;
}

asio::awaitable<RoomBridge::Failure> RoomBridge::apply(RoomPtr room, Member& member, channel::Join wanted,
                                                       std::vector<RightKind> muted) {
  channel::Rights rights = wanted.rights;
  if (!member.is_joined) {
    wanted.room = room->number;
    wanted.participant = member.number;
    wanted.tag = numbers_.at(member.number).participant.to_string();
    const auto joined = co_await workers_.call(room->number, std::move(wanted));
    if (!joined) co_return problem_of(joined.error());
    member.is_joined = true;
    member.rights = std::move(rights);
    member.muted.clear();
  } else if (!equal(member.rights, rights)) {
    channel::SetRights set;
    set.participant = member.number;
    set.rights = rights;
    const auto done = co_await workers_.call(room->number, std::move(set));
    if (!done) co_return problem_of(done.error());
    member.rights = std::move(rights);
  }
  if (member.muted == muted) co_return std::nullopt;
  channel::SetMute set;
  set.participant = member.number;
  set.kinds = muted;
  const auto done = co_await workers_.call(room->number, std::move(set));
  if (done) member.muted = std::move(muted);
  co_return failure_of(done);
}

asio::awaitable<RoomBridge::Failure> RoomBridge::take_out(RoomPtr room, ParticipantRef who) {
  const auto found = room->members.find(who.participant);
  if (found == room->members.end()) co_return std::nullopt;
  const bool is_joined = found->second.is_joined;
  channel::Leave leave;
  leave.participant = found->second.number;
  drop_transport(who, found->second, false);
  drop_resources(who, found->second);
  numbers_.erase(leave.participant);
  room->members.erase(found);
  Failure failure;
  if (is_joined && room->number) {
    // What somebody sent before leaving is repeated for a moment to who lost it, but not of who was put out.
    const Consultation* consultation = consultations_.find(who.consultation);
    if (consultation == nullptr || consultation->find_participant(who.participant) == nullptr) {
      channel::SetRights none;
      none.participant = leave.participant;
      co_await workers_.call(room->number, std::move(none));
    }
    failure = failure_of(co_await workers_.call(room->number, std::move(leave)));
  }
  if (room->members.empty()) co_await close_locked(room);
  co_return failure;
}

asio::awaitable<void> RoomBridge::close(ConsultationKey key) {
  RoomPtr room = find_room(key);
  if (room == nullptr) co_return;
  const AsyncLock::Hold hold = co_await room->lock.acquire();
  for (const auto& [participant, member] : room->members) numbers_.erase(member.number);
  room->members.clear();
  co_await close_locked(room);
}

asio::awaitable<void> RoomBridge::close_locked(RoomPtr room) {
  const RoomId number = std::exchange(room->number, RoomId{});
  // Whoever waits for this room's lock finds it empty and opens it anew under the same key.
  if (number) co_await workers_.close_room(number);
  if (room->members.empty() && find_room(room->consultation) == room) rooms_.erase(room->consultation);
}

asio::awaitable<std::variant<std::string, Problem>> RoomBridge::negotiate(ParticipantRef who, std::string offer,
                                                                          bool is_fresh) {
  RoomPtr room = room_for(who.consultation);
  const AsyncLock::Hold hold = co_await room->lock.acquire();
  if (Failure failure = co_await sync_locked(room, who, true)) co_return std::move(*failure);
  const auto found = room->members.find(who.participant);
  if (found == room->members.end()) co_return Problem{404, "not_found", ""};
  Member& member = found->second;
  if (is_fresh && member.web) {
    channel::CloseTransport close;
    close.transport = member.web;
    drop_transport(who, member, false);
    co_await workers_.call(room->number, std::move(close));
  }
  const bool is_new = !member.web;
  channel::Negotiate negotiate;
  negotiate.participant = member.number;
  negotiate.transport = is_new ? workers_.new_transport_id() : member.web;
  negotiate.session_kind = channel::SessionKind::kWeb;
  negotiate.offer = std::move(offer);
  if (is_new) {
    // Before the reply, so that what the worker says of the transport meanwhile is understood.
    member.web = negotiate.transport;
    consultations_.transport_opened(clock_.now(), who);
  }
  auto answer = co_await workers_.call(room->number, std::move(negotiate));
  if (answer) co_return std::move(answer->sdp);
  if (is_new) drop_transport(who, member, false);
  co_return problem_of(answer.error());
}

asio::awaitable<std::optional<Problem>> RoomBridge::set_view(ParticipantRef who, std::vector<signal::Wish> wishes) {
  RoomPtr room = find_room(who.consultation);
  const Member* member = find_member(who);
  if (member == nullptr || !room->number) co_return Problem{409, "wrong_state", "no offer yet"};
  channel::SetView view;
  view.participant = member->number;
  for (signal::Wish& wish : wishes) {
    channel::SlotWish slot;
    slot.mid = std::move(wish.mid);
    slot.label = wish.label;
    slot.width = wish.width;
    slot.height = wish.height;
    slot.priority = wish.priority;
    if (wish.participant) {
      // Only of the same consultation, and only whom the worker knows; no difference between the two is told.
      const Member* source = find_member({who.consultation, *wish.participant});
      if (source == nullptr) co_return Problem{404, "not_found", "participant"};
      slot.source = source->number;
    }
    view.wishes.push_back(std::move(slot));
  }
  co_return failure_of(co_await workers_.call(room->number, std::move(view)));
}

asio::awaitable<std::optional<Problem>> RoomBridge::set_label(ParticipantRef who, signal::Label label) {
  RoomPtr room = find_room(who.consultation);
  const Member* member = find_member(who);
  if (member == nullptr || !room->number) co_return Problem{409, "wrong_state", "no offer yet"};
  channel::SetLabel set;
  set.participant = member->number;
  set.mid = std::move(label.mid);
  set.label = label.label;
  co_return failure_of(co_await workers_.call(room->number, std::move(set)));
}

void RoomBridge::on_transport_state(const channel::TransportState& event) {
  const bool is_over =
      event.state == channel::TransportPhase::kClosed || event.state == channel::TransportPhase::kFailed;
  const auto who = find(event.participant);
  if (!is_over || !who) return;
  const auto room = find_room(who->consultation);
  Member& member = room->members.at(who->participant);
  const bool is_timed_out = event.reason == "consent_lost";
  if (member.web == event.transport) drop_transport(*who, member, is_timed_out);
  drop_resource(*who, member, event.transport, is_timed_out);
}

void RoomBridge::on_slots(const channel::SlotsChanged& event) {
  const auto who = find(event.participant);
  if (who) find_room(who->consultation)->members.at(who->participant).slots = event.slots;
}

void RoomBridge::on_layers(const channel::LayersWanted& event) {
  const auto who = find(event.participant);
  if (who) find_room(who->consultation)->members.at(who->participant).layers[event.mid] = event.rids;
}

std::vector<ParticipantRef> RoomBridge::forget_rooms(const std::vector<RoomId>& lost) {
  std::vector<ParticipantRef> affected;
  for (const auto& [key, room] : rooms_) {
    if (std::ranges::find(lost, room->number) == lost.end()) continue;
    room->number = RoomId{};
    for (auto& [participant, member] : room->members) {
      if (member.web) affected.push_back({key, participant});
      member.is_joined = false;
      member.slots.clear();
      drop_transport({key, participant}, member, false);
      drop_resources({key, participant}, member);
    }
  }
  return affected;
}

std::vector<RoomSummary> RoomBridge::rooms() const {
  std::vector<RoomSummary> out;
  for (const auto& [key, room] : rooms_) {
    RoomSummary summary{.consultation = key, .number = room->number};
    for (const auto& [participant, member] : room->members) {
      if (member.is_joined) ++summary.participants;
      summary.transports += member.resources.size() + (member.web.value != 0 ? 1 : 0);
    }
    out.push_back(summary);
  }
  std::ranges::sort(out, {}, [](const RoomSummary& room) { return room.number.value; });
  return out;
}

bool RoomBridge::may_take(ConsultationKey key) const {
  const RoomPtr room = find_room(key);
  return workers_.may_take(room != nullptr && room->number ? std::optional(room->number) : std::nullopt);
}

std::optional<ParticipantRef> RoomBridge::find(ParticipantId number) const {
  const auto found = numbers_.find(number);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

std::optional<ConsultationKey> RoomBridge::find(RoomId number) const {
  for (const auto& [key, room] : rooms_) {
    if (room->number == number) return key;
  }
  return std::nullopt;
}

std::vector<signal::PublicSlot> RoomBridge::slots_of(ParticipantRef who) const {
  std::vector<signal::PublicSlot> slots;
  const Member* member = find_member(who);
  if (member == nullptr) return slots;
  for (const channel::Slot& slot : member->slots) {
    const auto source = find(slot.source);
    signal::PublicSlot shown;
    shown.slot = &slot;
    if (source && source->consultation == who.consultation) shown.source = source->participant;
    slots.push_back(shown);
  }
  return slots;
}

const std::map<std::string, std::vector<std::string>>* RoomBridge::layers_of(ParticipantRef who) const {
  const Member* member = find_member(who);
  return member == nullptr ? nullptr : &member->layers;
}

RoomBridge::RoomPtr RoomBridge::find_room(ConsultationKey key) const {
  const auto found = rooms_.find(key);
  return found == rooms_.end() ? nullptr : found->second;
}

RoomBridge::RoomPtr RoomBridge::room_for(ConsultationKey key) {
  RoomPtr& room = rooms_[key];
  if (room == nullptr) {
    room = std::make_shared<Room>();
    room->consultation = key;
  }
  return room;
}

const RoomBridge::Member* RoomBridge::find_member(ParticipantRef who) const {
  const RoomPtr room = find_room(who.consultation);
  if (room == nullptr) return nullptr;
  const auto found = room->members.find(who.participant);
  return found == room->members.end() ? nullptr : &found->second;
}

void RoomBridge::drop_transport(ParticipantRef who, Member& member, bool is_timed_out) {
  if (!member.web) return;
  member.web = TransportId{};
  member.layers.clear();
  consultations_.transport_closed(clock_.now(), who, is_timed_out);
}

}  // namespace eir
