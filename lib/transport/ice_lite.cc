#include "lib/transport/ice_lite.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"

namespace eir {

IceLite::IceLite(Timestamp now, IceCredentials local) : alive_at_(now) {
  StunKey key(local.pwd);
  generations_.push_back({.local = std::move(local), .remote_ufrag = {}, .key = std::move(key)});
  paths_.reserve(kPathsMax);
}

void IceLite::set_remote_ufrag(std::string_view ufrag) { generations_.back().remote_ufrag = ufrag; }

void IceLite::restart(Timestamp now, IceCredentials local) {
  const uint32_t number = generations_.back().number + 1;
  generations_.back().valid_until = now + kOldCredentialsLifetime;
  StunKey key(local.pwd);
  generations_.push_back({.number = number, .local = std::move(local), .remote_ufrag = {}, .key = std::move(key)});
  if (generations_.size() > kGenerationsMax) retire_generation(0);
  alive_at_ = now;
  is_expired_ = false;
  tell_expired_ = false;
}

StunOutcome IceLite::handle_binding_request(Timestamp now, const StunMessage& message, const Path& path,
                                            MutableBytes reply) {
  StunOutcome outcome;
  Generation* generation = find_generation(now, message);
  outcome.rejection = authenticate(message, generation);
  if (outcome.rejection != StunRejection::kNone) {
    count(outcome.rejection);
    return outcome;
  }
  outcome.rejection = judge(message);
  if (outcome.rejection == StunRejection::kNone) {
    ValidatedPath* validated = find(path);
    if (validated == nullptr) {
      validated = add_path(now, path);
      outcome.path_is_new = validated != nullptr;
    }
    if (validated == nullptr) {
      outcome.rejection = StunRejection::kTooManyPaths;
    } else {
      accept_check(now, message, generation->number, *validated);
    }
  }
  count(outcome.rejection);
  outcome.reply_size = write_reply(outcome.rejection, message, path, *generation, reply);
  return outcome;
}

void IceLite::handle_authenticated_packet(Timestamp now, const Path& path) {
  if (selected_ && paths_[*selected_].path == path) {
    paths_[*selected_].last_media = now;
    alive_at_ = now;
    return;
  }
  ValidatedPath* validated = find(path);
  if (validated == nullptr) return;
  validated->last_media = now;
  consider_media(now, *validated);
}

void IceLite::handle_path_closed(Timestamp now, const Path& path) {
  const ValidatedPath* validated = find(path);
  if (validated != nullptr) remove_path(now, static_cast<size_t>(validated - paths_.data()));
}

void IceLite::handle_timeout(Timestamp now) {
  for (size_t i = paths_.size(); i-- > 0;) {
    if (last_sign_of_life(i) + kConsentLifetime > now) continue;
    ++counters_.paths_expired;
    remove_path(now, i);
  }
  for (size_t i = generations_.size(); i-- > 0;) {
    if (generations_[i].valid_until <= now) retire_generation(i);
  }
  if (!is_expired_ && alive_at_ + kConsentLifetime <= now) {
    ++counters_.expirations;
    is_expired_ = true;
    tell_expired_ = true;
  }
}

Timestamp IceLite::next_timeout() const {
  Timestamp next = is_expired_ ? kNever : alive_at_ + kConsentLifetime;
  for (size_t i = 0; i < paths_.size(); ++i) next = std::min(next, last_sign_of_life(i) + kConsentLifetime);
  for (const Generation& generation : generations_) next = std::min(next, generation.valid_until);
  return next;
}

Timestamp IceLite::last_sign_of_life(size_t index) const {
  const ValidatedPath& path = paths_[index];
  return selected_ == index ? std::max(path.last_check, path.last_media.value_or(path.last_check)) : path.last_check;
}

std::optional<IceLiteEvent> IceLite::poll_event() {
  if (!removed_.empty()) {
    const Path path = removed_.back();
    removed_.pop_back();
    if (told_selected_ == path) told_selected_.reset();
    return IcePathRemoved{path};
  }
  if (std::exchange(tell_selected_, false) && selected_) {
    told_selected_ = paths_[*selected_].path;
    return IcePathSelected{*told_selected_};
  }
  if (!retired_.empty()) {
    std::string ufrag = std::move(retired_.back());
    retired_.pop_back();
    return IceCredentialsRetired{std::move(ufrag)};
  }
  if (std::exchange(tell_expired_, false)) return IceExpired{};
  return std::nullopt;
}

const Path* IceLite::send_path() const {
  if (selected_) return &paths_[*selected_].path;
  const ValidatedPath* best = nullptr;
  for (const ValidatedPath& path : paths_) {
    // An absent last_media is less than any; of equals the one validated first stays.
    if (best == nullptr || path.last_media > best->last_media) best = &path;
  }
  return best == nullptr ? nullptr : &best->path;
}

const Path* IceLite::selected_path() const { return selected_ ? &paths_[*selected_].path : nullptr; }

bool IceLite::is_local_ufrag(std::string_view ufrag) const {
  return std::any_of(generations_.begin(), generations_.end(),
                     [ufrag](const Generation& generation) { return generation.local.ufrag == ufrag; });
}

IceLite::Generation* IceLite::find_generation(Timestamp now, const StunMessage& message) {
  if (!message.is_request() || message.username().empty()) return nullptr;
  for (size_t i = generations_.size(); i-- > 0;) {
    Generation& generation = generations_[i];
    if (generation.valid_until <= now || generation.local.ufrag != message.username_receiver()) continue;
    if (generation.remote_ufrag.empty() || generation.remote_ufrag == message.username_sender()) return &generation;
  }
  return nullptr;
}

StunRejection IceLite::authenticate(const StunMessage& message, Generation* generation) {
  if (!message.is_request()) return StunRejection::kNotARequest;
  if (message.username().empty()) return StunRejection::kNoUsername;
  if (generation == nullptr) return StunRejection::kUnknownUsername;
  if (!message.has_integrity()) return StunRejection::kNoIntegrity;
  if (!message.verify_integrity(generation->key)) return StunRejection::kBadIntegrity;
  return StunRejection::kNone;
}

StunRejection IceLite::judge(const StunMessage& message) {
  if (message.has_unknown_attributes()) return StunRejection::kUnknownAttribute;
  // RFC 8445 section 6.1.1: towards a lite agent the full one controls; a full one that thinks otherwise is told.
  if (message.ice_controlled()) return StunRejection::kRoleConflict;
  if (!message.priority()) return StunRejection::kNoPriority;  // RFC 8445 section 7.1.1: every check has one
  return StunRejection::kNone;
}

size_t IceLite::write_reply(StunRejection rejection, const StunMessage& message, const Path& path,
                            Generation& generation, MutableBytes reply) {
  StunError error{
      .transaction_id = message.transaction_id(), .code = StunErrorCode::kBadRequest, .unknown_attributes = {}};
  size_t size = 0;
  switch (rejection) {
    case StunRejection::kNone:
      size = write_binding_success(message.transaction_id(), path.remote, generation.key, reply);
      break;
    case StunRejection::kUnknownAttribute:
      error.code = StunErrorCode::kUnknownAttribute;
      error.unknown_attributes = message.unknown_attributes();
      size = write_binding_error(error, generation.key, reply);
      break;
    case StunRejection::kNoPriority:
      size = write_binding_error(error, generation.key, reply);
      break;
    case StunRejection::kRoleConflict:
      error.code = StunErrorCode::kRoleConflict;
      size = write_binding_error(error, generation.key, reply);
      break;
    case StunRejection::kNotARequest:
    case StunRejection::kNoUsername:
    case StunRejection::kUnknownUsername:
    case StunRejection::kNoIntegrity:
    case StunRejection::kBadIntegrity:
    case StunRejection::kTooManyPaths:
      return 0;
  }
  if (size == 0) ++counters_.reply_too_large;
  return size;
}

void IceLite::accept_check(Timestamp now, const StunMessage& message, uint32_t generation, ValidatedPath& path) {
  alive_at_ = now;
  is_expired_ = false;
  tell_expired_ = false;
  path.last_check = now;
  path.check = {.generation = generation, .priority = message.priority().value_or(0)};
  if (message.use_candidate()) consider_nomination(now, path);
  consider_media(now, path);
  keep_told_selection(now);
}

const IceLite::ValidatedPath* IceLite::find(const Path& path) const {
  const auto it =
      std::find_if(paths_.begin(), paths_.end(), [&path](const ValidatedPath& known) { return known.path == path; });
  return it == paths_.end() ? nullptr : &*it;
}

IceLite::ValidatedPath* IceLite::find(const Path& path) {
  return const_cast<ValidatedPath*>(std::as_const(*this).find(path));
}

IceLite::ValidatedPath* IceLite::add_path(Timestamp now, const Path& path) {
  // Known to the caller again: a removal that it has not heard of yet must not reach it.
  removed_.erase(std::remove(removed_.begin(), removed_.end(), path), removed_.end());
  if (paths_.size() + removed_.size() >= kPathsAndRemovalsMax) return nullptr;
  if (paths_.size() == kPathsMax) {
    size_t oldest = selected_ == size_t{0} ? 1 : 0;
    for (size_t i = oldest + 1; i < paths_.size(); ++i) {
      if (i != selected_ && paths_[i].last_check < paths_[oldest].last_check) oldest = i;
    }
    ++counters_.paths_replaced;
    remove_path(now, oldest);
  }
  ++counters_.paths_validated;
  return &paths_.emplace_back(
      ValidatedPath{.path = path, .last_check = now, .last_media = {}, .check = {}, .nomination = {}});
}

void IceLite::remove_path(Timestamp now, size_t index) {
  removed_.push_back(paths_[index].path);
  paths_.erase(paths_.begin() + static_cast<std::ptrdiff_t>(index));
  if (!selected_ || *selected_ < index) return;
  if (*selected_ > index) {
    --*selected_;
    return;
  }
  selected_.reset();
  ValidatedPath* best = nullptr;
  for (ValidatedPath& path : paths_) {
    if (path.nomination && (best == nullptr || *path.nomination > *best->nomination)) best = &path;
  }
  if (best != nullptr) select(now, *best, *best->nomination);
  keep_told_selection(now);
}

// The selected path expired and came back before the caller heard of it: as if the timeout had been handled later.
void IceLite::keep_told_selection(Timestamp now) {
  if (selected_ || !told_selected_) return;
  ValidatedPath* path = find(*told_selected_);
  if (path != nullptr) select(now, *path, path->nomination.value_or(path->check));
}

void IceLite::select(Timestamp now, ValidatedPath& path, Nomination nomination) {
  path.nomination = nomination;
  selected_ = static_cast<size_t>(&path - paths_.data());
  selected_at_ = now;
  tell_selected_ = true;
}

void IceLite::consider_nomination(Timestamp now, ValidatedPath& path) {
  path.nomination = std::max(path.nomination.value_or(path.check), path.check);
  if (selected_ && (paths_[*selected_].path == path.path || *paths_[*selected_].nomination >= *path.nomination)) return;
  ++counters_.selections_by_nomination;
  select(now, path, *path.nomination);
}

void IceLite::consider_media(Timestamp now, ValidatedPath& path) {
  if (!selected_ || &path == &paths_[*selected_]) return;
  const ValidatedPath& selected = paths_[*selected_];
  const Timestamp last_heard = std::max(selected.last_media.value_or(selected_at_), selected_at_);
  if (now - last_heard < kSilence) return;
  if (!path.last_media || *path.last_media <= last_heard) return;
  // The check must be of now, not of a path once tried: no older than the last second in which the selected one spoke.
  if (path.last_check + kSilence < last_heard) return;
  ++counters_.selections_by_media;
  // As if nominated, in the newest generation that nominated: else one repeated USE-CANDIDATE of the dead path, or a
  // recording of it from elsewhere, would take the selection back at once.
  const Nomination nomination{.generation = std::max(path.check.generation, selected.nomination->generation),
                              .priority = path.check.priority};
  select(now, path, std::max(path.nomination.value_or(nomination), nomination));
}

void IceLite::retire_generation(size_t index) {
  std::string ufrag = std::move(generations_[index].local.ufrag);
  generations_.erase(generations_.begin() + static_cast<std::ptrdiff_t>(index));
  EIR_CHECK(!generations_.empty());
  if (!is_local_ufrag(ufrag)) retired_.push_back(std::move(ufrag));
}

void IceLite::count(StunRejection rejection) {
  switch (rejection) {
    case StunRejection::kNone:
      ++counters_.checks_valid;
      return;
    case StunRejection::kNotARequest:
      ++counters_.not_a_request;
      return;
    case StunRejection::kNoUsername:
      ++counters_.rejected_no_username;
      return;
    case StunRejection::kUnknownUsername:
      ++counters_.rejected_unknown_username;
      return;
    case StunRejection::kNoIntegrity:
      ++counters_.rejected_no_integrity;
      return;
    case StunRejection::kBadIntegrity:
      ++counters_.rejected_bad_integrity;
      return;
    case StunRejection::kTooManyPaths:
      ++counters_.rejected_too_many_paths;
      return;
    case StunRejection::kUnknownAttribute:
      ++counters_.rejected_unknown_attribute;
      return;
    case StunRejection::kNoPriority:
      ++counters_.rejected_no_priority;
      return;
    case StunRejection::kRoleConflict:
      ++counters_.rejected_role_conflict;
      return;
  }
}

}  // namespace eir
