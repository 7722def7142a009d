#include "bench/scenario_spec.h"

#include <algorithm>
#include <array>
#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "server/config/strict_yaml.h"

namespace eir::bench {

BOOST_DESCRIBE_STRUCT(VideoSpec, (),
                      (frames_per_second, packets_per_frame, packet_bytes, group_packets, group_interval_ms,
                       key_frame_factor, key_frame_interval_s))
BOOST_DESCRIBE_STRUCT(AudioSpec, (), (payload_bytes, talk_s, silence_s, dtx))
BOOST_DESCRIBE_STRUCT(SlotSpec, (), (video, audio))
BOOST_DESCRIBE_STRUCT(PeopleSpec, (), (name, count, video, audio, slots, storm_after_s))
BOOST_DESCRIBE_STRUCT(JoinSpec, (), (at_once, per_second))
BOOST_DESCRIBE_STRUCT(ChurnSpec, (), (per_minute))
BOOST_DESCRIBE_STRUCT(NetworkSpec, (), (loss_percent, delay_ms, rate_kbit, seed))
BOOST_DESCRIBE_STRUCT(ScenarioSpec, (),
                      (title, host, rooms, people, warm_up_s, seconds, joins, churn, network, check_one_in,
                       added_delay))

namespace {

constexpr std::string_view kDocument = "(document)";
constexpr size_t kTextBytesMax = 200;
constexpr size_t kListEntriesMax = 16;

// What a number may be; list places are left out of the key. Every numeric key has one: without it, 0 alone is taken.
struct Range {
  std::string_view key;
  double min = 0;
  double max = 0;
};
constexpr std::array kRanges = {
    Range{"rooms", 1, 2000},
    Range{"warm_up_s", 0, 60},
    Range{"seconds", 1, 600},
    Range{"check_one_in", 1, 65535},
    Range{"people[].count", 1, kPeopleMax},
    Range{"people[].storm_after_s", 0, 600},
    Range{"people[].slots.video", 0, 49},
    Range{"people[].slots.audio", 0, 49},
    Range{"people[].video[].frames_per_second", 1, 120},
    Range{"people[].video[].packets_per_frame", 1, 200},
    Range{"people[].video[].packet_bytes", 100, 1080},
    Range{"people[].video[].group_packets", 1, 200},
    Range{"people[].video[].group_interval_ms", 1, 1000},
    Range{"people[].video[].key_frame_factor", 1, 20},
    Range{"people[].video[].key_frame_interval_s", 0, 600},
    Range{"people[].audio[].payload_bytes", 40, 1000},
    Range{"people[].audio[].talk_s", 1, 600},
    Range{"people[].audio[].silence_s", 0, 600},
    Range{"joins.at_once", 1, kPeopleMax},
    Range{"joins.per_second", 0, 1000},
    Range{"churn.per_minute", 0, 6000},
    Range{"network.loss_percent", 0, 50},
    Range{"network.delay_ms", 0, 5000},
    Range{"network.rate_kbit", 0, 1'000'000},
    Range{"network.seed", 0, 4'294'967'295},
};

// "people[3].count" → "people[].count"
std::string without_places(std::string_view key) {
  std::string out;
  bool is_inside = false;
  for (const char c : key) {
    if (c == ']') is_inside = false;
    if (!is_inside) out += c;
    if (c == '[') is_inside = true;
  }
  return out;
}

Range range_of(std::string_view key) {
  const std::string name = without_places(key);
  const auto* const found = std::ranges::find(kRanges, name, &Range::key);
  return found == kRanges.end() ? Range{} : *found;
}

std::string text_of(double number) {
  std::array<char, 32> out{};
  const auto [end, error] = std::to_chars(out.data(), out.data() + out.size(), number, std::chars_format::fixed);
  return error == std::errc{} ? std::string(out.data(), end) : std::string{};
}

std::optional<double> decimal_of(const YAML::Node& node) {
  if (!node.IsScalar() || node.Tag() == "!" || node.Scalar().empty()) return std::nullopt;
  const std::string& text = node.Scalar();
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(out)) return std::nullopt;
  return out;
}

// What an error says of a key that somebody typed: printable, and not longer than a line.
std::string printable(std::string_view text) {
  constexpr size_t kShown = 60;
  std::string out(text.substr(0, kShown));
  std::ranges::replace_if(
      out, [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return out.empty() ? "(empty)" : out;
}

struct Place {
  const YAML::Node& node;
  std::string key;
  int line = 0;
};

class Reader {
 public:
  explicit Reader(ParsedSpec& out) : out_(out) {}

  template <class T>
  void read(const Place& place, T& value) {
    if constexpr (boost::describe::has_describe_members<T>::value) {
      read_struct(place, value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      read_text(place, value);
    } else if constexpr (std::is_same_v<T, bool>) {
      const auto known = bool_of(place.node);
      if (!known) return fail(place, "must be true or false");
      value = *known;
    } else if constexpr (std::is_same_v<T, HostKind>) {
      read_host(place, value);
    } else if constexpr (std::is_arithmetic_v<T>) {
      read_number(place, value);
    } else {
      read_list(place, value);
    }
  }

 private:
  void fail(const Place& place, std::string message) {
    out_.errors.push_back({place.line, place.key, std::move(message)});
  }

  template <class T>
  void read_struct(const Place& place, T& value) {
    // A key with nothing behind it means the group with its defaults.
    if (place.node.IsNull()) return;
    if (!place.node.IsMap()) return fail(place, "must be a group of keys");
    std::set<std::string> seen;
    for (const auto& entry : place.node) {
      const int line = line_of(entry.first);
      if (!entry.first.IsScalar()) {
        fail({entry.first, place.key, line}, "has a key that is not plain text");
        continue;
      }
      const std::string& name = entry.first.Scalar();
      const std::string shown = printable(name);
      const Place inner{entry.second, place.key == kDocument ? shown : place.key + "." + shown, line};
      if (!seen.insert(name).second) {
        fail(inner, "stands here twice");
        continue;
      }
      bool is_known = false;
      boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>([&](auto member) {
        if (name != member.name) return;
        is_known = true;
        read(inner, value.*member.pointer);
      });
      if (!is_known) fail(inner, "is not a key of a scenario");
    }
  }

  void read_text(const Place& place, std::string& value) {
    if (!place.node.IsScalar()) return fail(place, "must be text");
    const std::string& text = place.node.Scalar();
    const bool is_printable = std::ranges::all_of(text, [](char c) { return static_cast<uint8_t>(c) >= 0x20; });
    if (text.empty() || text.size() > kTextBytesMax || !is_printable) {
      return fail(place, "must be one line of 1 to " + std::to_string(kTextBytesMax) + " bytes");
    }
    value = text;
  }

  void read_host(const Place& place, HostKind& value) {
    const std::string name = place.node.IsScalar() ? place.node.Scalar() : std::string{};
    if (name == "eird") {
      value = HostKind::kEird;
    } else if (name == "router") {
      value = HostKind::kRouter;
    } else {
      fail(place, "must be eird or router");
    }
  }

  template <class Number>
  void read_number(const Place& place, Number& value) {
    const Range range = range_of(place.key);
    std::optional<double> number = decimal_of(place.node);
    if constexpr (std::is_integral_v<Number>) {
      const auto whole = number_of(place.node);
      number = whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
    }
    if (!number || *number < range.min || *number > range.max) {
      return fail(place, "must be a number from " + text_of(range.min) + " to " + text_of(range.max));
    }
    value = static_cast<Number>(*number);
  }

  template <class T>
  void read_list(const Place& place, std::vector<T>& value) {
    if (!place.node.IsSequence()) return fail(place, "must be a list");
    if (place.node.size() > kListEntriesMax) return fail(place, "has too many entries");
    for (size_t i = 0; i < place.node.size(); ++i) {
      const YAML::Node node = place.node[i];
      value.emplace_back();
      read(Place{node, place.key + "[" + std::to_string(i) + "]", line_of(node)}, value.back());
    }
  }

  ParsedSpec& out_;
};

// What no single key can be blamed for.
void check_whole(ParsedSpec& parsed) {
  const ScenarioSpec& spec = parsed.spec;
  const auto fail = [&parsed](std::string key, std::string message) {
    parsed.errors.push_back({1, std::move(key), std::move(message)});
  };
  if (spec.people.empty()) return fail("people", "is missing: who is in the rooms?");
  if (spec.people_count() > kPeopleMax) {
    fail("people",
         "are " + std::to_string(spec.people_count()) + " in all rooms, more than " + std::to_string(kPeopleMax));
  }
  if (spec.host == HostKind::kEird && spec.people_per_room() > kPeoplePerConsultationMax) {
    fail("people", "are more in a room than a consultation may have (" + std::to_string(kPeoplePerConsultationMax) +
                       "); host: router has no such limit");
  }
  if (spec.host == HostKind::kRouter && spec.churn.per_minute > 0) fail("churn", "needs host: eird");
  for (size_t i = 0; i < spec.people.size(); ++i) {
    if (spec.people[i].storm_after_s < spec.seconds) continue;
    fail("people[" + std::to_string(i) + "].storm_after_s", "is after the end");
  }
}

}  // namespace

size_t ScenarioSpec::people_per_room() const {
  size_t sum = 0;
  for (const PeopleSpec& one : people) sum += one.count;
  return sum;
}

std::string ParsedSpec::error_text() const {
  std::string out;
  for (const SpecError& error : errors) {
    out += filename + ":" + std::to_string(error.line) + ": " + error.key + " " + error.message + "\n";
  }
  return out;
}

ParsedSpec parse_scenario(std::string_view text, std::string_view filename) {
  ParsedSpec out;
  out.filename = filename;
  const YamlDocument document = load_yaml(text);
  if (document.error) {
    out.errors.push_back({std::max(document.error->line, 1), std::string(kDocument), document.error->message});
    return out;
  }
  Reader(out).read(Place{document.root, std::string(kDocument), 1}, out.spec);
  if (out.ok()) check_whole(out);
  return out;
}

ScenarioSpec load_scenario(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  ParsedSpec parsed = parse_scenario(text, path);
  if (!parsed.ok()) throw std::runtime_error("\n" + parsed.error_text());
  return std::move(parsed.spec);
}

}  // namespace eir::bench
