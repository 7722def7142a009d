#include "server/config/config_reader.h"

#include <algorithm>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <set>
#include <type_traits>

#include "server/config/config_fields.h"
#include "server/config/enum_names.h"
#include "server/config/strict_yaml.h"

namespace eir {
namespace {

// A list in a configuration is written by hand; more entries than this are a mistake.
constexpr size_t kListEntriesMax = 64;
constexpr size_t kTextBytesMax = 4096;

template <class T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_public>;

// A value and where a person finds it: the line is that of its key, or its own within a list.
struct Place {
  const YAML::Node& node;
  std::string key;
  int line = 0;
};

class Reader {
 public:
  explicit Reader(ConfigReading& out) : out_(out) {}

  template <class T>
  void read(const Place& place, T& value) {
    out_.lines.emplace(place.key, place.line);
    if constexpr (boost::describe::has_describe_members<T>::value) {
      read_struct(place, value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      read_text(place, value);
    } else if constexpr (std::is_same_v<T, bool>) {
      read_bool(place, value);
    } else if constexpr (std::is_enum_v<T>) {
      read_enum(place, value);
    } else if constexpr (std::is_integral_v<T>) {
      uint64_t wide = value;
      if (read_number(place, wide)) value = static_cast<T>(wide);
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
    const YAML::Node& node = place.node;
    if (!node.IsMap()) return fail(place, "must be a group of keys");
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        fail({entry.first, place.key, line_of(entry.first)}, "a key must be plain text");
        continue;
      }
      const std::string& name = entry.first.Scalar();
      const Place inner{entry.second, place.key.empty() ? name : place.key + "." + name, line_of(entry.first)};
      if (!seen.insert(name).second) {
        fail(inner, "stands here twice");
        continue;
      }
      bool known = false;
      boost::mp11::mp_for_each<MembersOf<T>>([&](auto member) {
        if (name != member.name) return;
        known = true;
        read(inner, value.*member.pointer);
      });
      if (!known) fail(inner, "is not a key of Eir");
    }
  }

  void read_text(const Place& place, std::string& value) {
    const YAML::Node& node = place.node;
    if (!node.IsScalar()) return fail(place, "must be text; an empty text is written \"\"");
    if (node.Scalar().size() > kTextBytesMax) return fail(place, "is too long");
    if (node.Scalar().find('\0') != std::string::npos) return fail(place, "holds a zero byte");
    value = node.Scalar();
  }

  void read_bool(const Place& place, bool& value) {
    const auto known = bool_of(place.node);
    if (!known) return fail(place, "must be true or false");
    value = *known;
  }

  template <class E>
  void read_enum(const Place& place, E& value) {
    const YAML::Node& node = place.node;
    const auto known = node.IsScalar() ? enum_from_name<E>(node.Scalar()) : std::nullopt;
    if (!known) return fail(place, "must be one of " + enum_choices<E>());
    value = *known;
  }

  bool read_number(const Place& place, uint64_t& value) {
    const auto ranges = key_ranges();
    const auto range =
        std::find_if(ranges.begin(), ranges.end(), [&](const KeyRange& r) { return r.key == place.key; });
    const uint64_t min = range == ranges.end() ? 0 : range->min;
    const uint64_t max = range == ranges.end() ? 0 : range->max;
    const auto number = number_of(place.node);
    if (!number || *number < min || *number > max) {
      fail(place, "must be a number from " + std::to_string(min) + " to " + std::to_string(max));
      return false;
    }
    value = *number;
    return true;
  }

  template <class T>
  void read_list(const Place& place, std::vector<T>& value) {
    const YAML::Node& node = place.node;
    if (!node.IsSequence()) return fail(place, "must be a list; an empty list is written []");
    if (node.size() > kListEntriesMax) return fail(place, "has too many entries");
    value.clear();
    for (const auto& entry : node) {
      const std::string key = place.key + "[" + std::to_string(value.size()) + "]";
      read(Place{entry, key, line_of(entry)}, value.emplace_back());
    }
  }

  ConfigReading& out_;
};

// Where YAML itself cannot be read no key is known: the nearest one that is written above the line.
std::string key_above(std::string_view text, int line) {
  std::vector<std::pair<size_t, std::string>> open;  // indentation and name of the groups around a line
  size_t at = 0;
  for (int number = 1; number <= line && at < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view row = text.substr(at, end - at);
    at = end + 1;
    const size_t begin = row.find_first_not_of(" -");
    if (begin == std::string_view::npos) continue;
    const size_t name_end = row.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", begin);
    const bool is_key = name_end != std::string_view::npos && name_end > begin && row[name_end] == ':';
    if (!is_key) continue;
    while (!open.empty() && open.back().first >= begin) open.pop_back();
    open.emplace_back(begin, row.substr(begin, name_end - begin));
  }
  std::string out;
  for (const auto& [indent, name] : open) out += (out.empty() ? "" : ".") + name;
  return out;
}

}  // namespace

ConfigReading read_config(std::string_view text) {
  ConfigReading out;
  YamlDocument document = load_yaml(text);
  if (document.error) {
    document.error->key = key_above(text, document.error->line);
    out.errors.push_back(std::move(*document.error));
    return out;
  }
  // An empty file, or one of comments only, is all defaults.
  if (!document.root.IsNull()) Reader(out).read(Place{document.root, "", line_of(document.root)}, out.config);
  return out;
}

int line_of_key(const std::map<std::string, int>& lines, std::string key) {
  auto line = lines.find(key);
  while (line == lines.end() && !key.empty()) {
    const size_t cut = key.find_last_of(".[");
    key.resize(cut == std::string::npos ? 0 : cut);
    line = lines.find(key);
  }
  return line == lines.end() ? 1 : line->second;
}

}  // namespace eir
