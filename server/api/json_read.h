#pragma once

#include <boost/describe/members.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Strict JSON for described structs (BOOST_DESCRIBE_STRUCT): every member that is not std::optional must be there, and
// nothing else may be. For .cc files only: the templates are heavy.
namespace eir {

struct JsonError {
  // invalid_json, unknown_field, missing_field or invalid_value.
  std::string code;
  // Which field; from the struct, or cut short if it came from outside.
  std::string detail;
};

namespace json_read {

inline constexpr size_t kDepthMax = 8;
inline constexpr size_t kListMax = 256;

// Parses one value; refuses trailing bytes, bad UTF-8, more than kDepthMax levels and a name twice in one object.
std::optional<boost::json::value> parse(std::string_view text);
JsonError unknown_field(std::string_view name);

using Error = std::optional<JsonError>;

inline Error bad(std::string_view name) { return JsonError{"invalid_value", std::string(name)}; }

inline Error read(const boost::json::value& from, std::string& to, std::string_view name) {
  if (!from.is_string()) return bad(name);
  to = std::string_view(from.get_string());
  return std::nullopt;
}

inline Error read(const boost::json::value& from, bool& to, std::string_view name) {
  if (!from.is_bool()) return bad(name);
  to = from.get_bool();
  return std::nullopt;
}

// Numbers are integers within the member's range.
template <std::integral T>
Error read(const boost::json::value& from, T& to, std::string_view name) {
  if (!from.is_int64() || !std::in_range<T>(from.get_int64())) return bad(name);
  to = static_cast<T>(from.get_int64());
  return std::nullopt;
}

template <class T>
requires boost::describe::has_describe_members<T>::value Error read(const boost::json::value& from, T& to,
                                                                    std::string_view name);

template <class T>
Error read(const boost::json::value& from, std::vector<T>& to, std::string_view name);

template <class T>
Error read(const boost::json::value& from, std::optional<T>& to, std::string_view name) {
  return read(from, to.emplace(), name);
}

template <class T>
Error read(const boost::json::value& from, std::vector<T>& to, std::string_view name) {
  if (!from.is_array() || from.get_array().size() > kListMax) return bad(name);
  for (const boost::json::value& element : from.get_array()) {
    if (Error error = read(element, to.emplace_back(), name)) return error;
  }
  return std::nullopt;
}

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
requires boost::describe::has_describe_members<T>::value Error read(const boost::json::value& from, T& to,
                                                                    std::string_view name) {
  if (!from.is_object()) return bad(name);
  const boost::json::object& object = from.get_object();
  Error error;
  const auto each = [&](auto member) {
    if (error) return;
    using Member = std::remove_reference_t<decltype(to.*member.pointer)>;
    const boost::json::value* found = object.if_contains(member.name);
    if (found != nullptr) {
      error = read(*found, to.*member.pointer, member.name);
    } else if (!kIsOptional<Member>) {
      error = JsonError{"missing_field", member.name};
    }
  };
  using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
  // An unknown field is told before a missing one: it is most often the missing one, misspelt.
  for (const auto& entry : object) {
    bool is_known = false;
    boost::mp11::mp_for_each<Members>([&](auto member) { is_known |= entry.key() == member.name; });
    if (!is_known) return unknown_field(entry.key());
  }
  boost::mp11::mp_for_each<Members>(each);
  return error;
}

}  // namespace json_read

// Reads `text` into `to`; what went wrong, or nothing.
template <class T>
std::optional<JsonError> read_json(std::string_view text, T& to) {
  const auto value = json_read::parse(text);
  if (!value || !value->is_object()) return JsonError{"invalid_json", ""};
  return json_read::read(*value, to, "");
}

}  // namespace eir
