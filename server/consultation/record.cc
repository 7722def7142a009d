// The part of Consultations that puts acts on record: rows, audit, usage and events of one transition. What is written
// here holds ids, roles, codes and times: no name, no token, no address.
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "server/consultation/consultations.h"
#include "server/consultation/documents.h"

namespace eir {
namespace {

boost::json::object line(std::string_view action, const Actor& actor) {
  return {{"action", action}, {"actor", actor.text()}};
}

}  // namespace

void Consultations::record(Act& act, std::string_view action, const Participant* about, std::string_view detail) {
  boost::json::object document = line(action, act.actor);
  document["consultation"] = act.consultation.key.to_string();
  document["state"] = to_text(act.consultation.state);
  document["version"] = act.consultation.version;
  // Also by itself, as the template has it: an act that let somebody in may be the one that locked.
  document["locked"] = act.consultation.is_locked;
  if (about != nullptr) {
    document["participant"] = about->key.to_string();
    document["seat"] = about->seat.to_string();
    document["role"] = to_text(about->role);
  }
  if (!detail.empty()) document["detail"] = detail;
  const std::string text = boost::json::serialize(document);
  const std::string& tenant = act.consultation.tenant.name;
  const std::string key = act.consultation.key.to_string();
  const int64_t time_ms = to_ms(act.now.wall);

  Transition transition;
  transition.number = ++last_transition_;
  const bool is_over = is_final(act.consultation.state);
  transition.consultation = ConsultationRow{key, tenant, is_over, time_ms, to_document(act.consultation)};
  put_participants(act, transition);
  transition.audit.push_back({tenant, key, time_ms, text});
  transition.usage = std::move(act.usage);
  transition.event = EventRow{tenant, key, time_ms, std::string(action), text};
  transitions_.push_back(std::move(transition));
  tell(act);
}

void Consultations::record_quietly(Act& act) {
  Transition transition;
  transition.number = ++last_transition_;
  put_participants(act, transition);
  transitions_.push_back(std::move(transition));
  tell(act);
}

void Consultations::put_participants(const Act& act, Transition& transition) const {
  const std::string consultation = act.consultation.key.to_string();
  for (const ParticipantKey key : act.participants) {
    const Participant* found = act.consultation.find_participant(key);
    transition.participants.push_back(
        {key.to_string(), consultation, found == nullptr ? std::string() : to_document(*found)});
  }
}

void Consultations::add_usage(Act& act, Participant& participant, std::string_view reason) {
  if (!participant.connected_since) return;
  const WallTime from = *participant.connected_since;
  // A clock that was set back must not make negative time.
  const WallTime to = std::max(from, act.now.wall);
  participant.connected_since.reset();
  const Consultation& consultation = act.consultation;
  const boost::json::object document{{"participant", participant.key.to_string()},
                                     {"seat", participant.seat.to_string()},
                                     {"role", to_text(participant.role)},
                                     {"persons", participant.persons.size() + 1},
                                     {"template", consultation.kind->name},
                                     {"medium", consultation.kind->is_audio_only ? "audio" : "video"},
                                     {"from", to_text(from)},
                                     {"to", to_text(to)},
                                     {"seconds", (to - from).count()},
                                     {"reason", reason}};
  act.usage.push_back({consultation.tenant.name, consultation.key.to_string(), participant.key.to_string(),
                       to_ms(act.now.wall), boost::json::serialize(document)});
}

void Consultations::tell(Act& act) {
  for (const auto& [kind, participant] : act.notes) {
    events_.push_back({kind, {act.consultation.key, participant}, last_transition_});
  }
  act.notes.clear();
}

void Consultations::note_refused(Now now, const Actor& actor, const TenantKey& tenant, std::string_view action,
                                 std::string_view consultation) {
  boost::json::object document = line(action, actor);
  if (!consultation.empty()) document["consultation"] = consultation;
  document["refused"] = true;
  Transition transition;
  transition.number = ++last_transition_;
  transition.audit.push_back(
      {tenant.name, std::string(consultation), to_ms(now.wall), boost::json::serialize(document)});
  transitions_.push_back(std::move(transition));
}

}  // namespace eir
