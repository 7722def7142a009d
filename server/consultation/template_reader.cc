#include "server/consultation/template_reader.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace eir {
namespace {

// Nothing in a template has more keys or entries of any use; more is a mistake, and is not walked.
constexpr size_t kEntriesMax = 64;

struct Range {
  uint64_t min = 0;
  uint64_t max = 0;
};
// One alone has nobody to consult; 250 is what a worker is measured with.
constexpr Range kParticipants = {2, 250};
// An hour without a host is no short absence any more.
constexpr Range kGraceSeconds = {0, 3600};
// A day: who may come earlier or later needs no window.
constexpr Range kJoinMinutes = {0, 1440};

// A value and where a person finds it.
struct Place {
  YAML::Node node;
  std::string key;
  int line = 0;
};

std::string choices(const auto& all) {
  std::string out;
  for (const auto value : all) out.append(out.empty() ? "" : ", ").append(to_text(value));
  return out;
}

constexpr std::array kAbsentHosts = {AbsentHost::kKeep, AbsentHost::kHold, AbsentHost::kEnd};
static_assert(kAbsentHosts.size() == kAbsentHostCount);
constexpr std::array kAllMedia = {Right::kAudio, Right::kVideo, Right::kExtraCamera, Right::kScreen};

class TemplateReader {
 public:
  explicit TemplateReader(std::vector<ConfigError>& errors) : errors_(errors) {}

  void read(const Place& place, ConsultationTemplate& out) {
    each_key(place, [&](std::string_view name, const Place& inner) {
      if (name == "extends") return true;
      if (name == "waiting_room") return read_bool(inner, out.has_waiting_room);
      if (name == "audio_only") return read_bool(inner, out.is_audio_only);
      if (name == "echo") return read_bool(inner, out.may_echo);
      if (name == "chat") return read_bool(inner, out.may_write);
      if (name == "participants_max") return read_number(inner, kParticipants, out.participants_max);
      if (name == "lock_at_admitted") return read_number(inner, {0, kParticipants.max}, out.lock_at_admitted);
      if (name == "absent_host") return read_absent_host(inner, out);
      if (name == "join_early_min") return read_duration(inner, kJoinMinutes, out.join_early);
      if (name == "join_late_min") return read_duration(inner, kJoinMinutes, out.join_late);
      if (name == "roles") return read_roles(inner, out);
      return false;
    });
  }

 private:
  void fail(const Place& place, std::string message) { errors_.push_back({place.line, place.key, std::move(message)}); }

  // `read_key` says whether it knows the key.
  template <class ReadKey>
  void each_key(const Place& place, ReadKey read_key) {
    if (!place.node.IsMap()) return fail(place, "must be a group of keys");
    if (place.node.size() > kEntriesMax) return fail(place, "has too many keys");
    std::set<std::string> seen;
    for (const auto& entry : place.node) {
      if (!entry.first.IsScalar()) {
        fail({entry.first, place.key, line_of(entry.first)}, "has a key that is not plain text");
        continue;
      }
      const std::string& name = entry.first.Scalar();
      const Place inner{entry.second, place.key + "." + name, line_of(entry.first)};
      if (!seen.insert(name).second) {
        fail(inner, "stands here twice");
      } else if (!read_key(name, inner)) {
        fail(inner, "is not a key of Eir");
      }
    }
  }

  // These return true because their key is known, whatever the value.

  bool read_bool(const Place& place, bool& value) {
    const auto known = bool_of(place.node);
    if (!known) fail(place, "must be true or false");
    value = known.value_or(value);
    return true;
  }

  bool read_number(const Place& place, Range range, uint32_t& value) {
    const auto number = number_of(place.node);
    if (number && *number >= range.min && *number <= range.max) {
      value = static_cast<uint32_t>(*number);
    } else {
      fail(place, "must be a number from " + std::to_string(range.min) + " to " + std::to_string(range.max));
    }
    return true;
  }

  template <class Duration>
  bool read_duration(const Place& place, Range range, Duration& value) {
    auto number = static_cast<uint32_t>(value.count());
    read_number(place, range, number);
    value = Duration(number);
    return true;
  }

  bool read_absent_host(const Place& place, ConsultationTemplate& out) {
    each_key(place, [&](std::string_view name, const Place& inner) {
      if (name == "grace_s") return read_duration(inner, kGraceSeconds, out.absent_host_grace);
      if (name != "policy") return false;
      const auto known = inner.node.IsScalar() ? absent_host_from_text(inner.node.Scalar()) : std::nullopt;
      if (!known) fail(inner, "must be one of " + choices(kAbsentHosts));
      out.absent_host = known.value_or(out.absent_host);
      return true;
    });
    return true;
  }

  bool read_roles(const Place& place, ConsultationTemplate& out) {
    each_key(place, [&](std::string_view name, const Place& inner) {
      const auto role = role_from_text(name);
      if (role) {
        read_policy(inner, *role, out.roles[static_cast<size_t>(*role)]);
      } else {
        fail(inner, "is not a role");
      }
      return true;
    });
    return true;
  }

  void read_policy(const Place& place, Role role, ConsultationTemplate::RolePolicy& out) {
    each_key(place, [&](std::string_view name, const Place& inner) {
      if (name == "withhold") return read_rights(inner, kAllRights, out.withheld);
      if (name == "skips_waiting") return read_bool(inner, out.skips_waiting);
      if (name == "signs") return read_bool(inner, out.signs);
      if (name != "receives") return false;
      read_rights(inner, kAllMedia, out.receives);
      if (role == Role::kSupport && !out.receives.empty()) fail(inner, "must be []: support reads lists and no more");
      return true;
    });
  }

  bool read_rights(const Place& place, const auto& allowed, Rights& value) {
    if (!place.node.IsSequence()) {
      fail(place, "must be a list; an empty list is written []");
      return true;
    }
    if (place.node.size() > kEntriesMax) {
      fail(place, "has too many entries");
      return true;
    }
    Rights all;
    for (const auto& item : place.node) {
      const YAML::Node& entry = item;
      const Place inner{entry, place.key, line_of(entry)};
      const auto right = entry.IsScalar() ? right_from_text(entry.Scalar()) : std::nullopt;
      if (!right || std::ranges::find(allowed, *right) == allowed.end()) {
        fail(inner, "may hold only " + choices(allowed));
      } else if (all.has(*right)) {
        fail(inner, "names " + entry.Scalar() + " twice");
      } else {
        all = all | Rights{*right};
      }
    }
    value = all;
    return true;
  }

  std::vector<ConfigError>& errors_;
};

}  // namespace

void read_template(const NamedNode& source, ConsultationTemplate& out, std::vector<ConfigError>& errors) {
  out.name = source.name;
  TemplateReader(errors).read({source.node, source.name, source.line}, out);
}

}  // namespace eir
