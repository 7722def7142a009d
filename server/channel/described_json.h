#pragma once

#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "lib/base/ids.h"
#include "server/channel/messages.h"
#include "server/config/config.h"
#include "server/config/enum_names.h"

// Described structs to JSON and back, strictly: every member present, none besides, types and ranges exact. Included by
// few .cc files only, because it is slow to compile. Not boost::json::value_to: that throws, and knows no limits.
namespace eir::channel {

template <class T>
struct IsId : std::false_type {};
template <class Tag, class Rep>
struct IsId<Id<Tag, Rep>> : std::true_type {};

template <class T>
using PublicMembers = boost::describe::describe_members<T, boost::describe::mod_public>;

// The longest text of a member: what is not named here is an identifier or a stable code.
constexpr size_t text_bytes_max(std::string_view member) {
  if (member == "tag") return kTagBytesMax;
  if (member == "offer") return kOfferBytesMax;
  if (member == "sdp") return 4 * kOfferBytesMax;
  if (member == "config_file") return 4096;  // PATH_MAX
  if (member == "config_yaml") return kConfigBytesMax;
  return 512;
}

template <class T>
boost::json::value to_json_value(const T& value) {
  if constexpr (boost::describe::has_describe_members<T>::value) {
    boost::json::object out;
    boost::mp11::mp_for_each<PublicMembers<T>>(
        [&](auto member) { out[member.name] = to_json_value(value.*member.pointer); });
    return out;
  } else if constexpr (IsId<T>::value) {
    return value.value;
  } else if constexpr (std::is_enum_v<T>) {
    return boost::json::value(enum_name(value));
  } else if constexpr (std::is_same_v<T, double>) {
    return std::isfinite(value) ? value : 0.0;  // JSON has no word for the others
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    return boost::json::value(value);
  } else {
    boost::json::array out;
    out.reserve(value.size());
    for (const auto& entry : value) out.push_back(to_json_value(entry));
    return out;
  }
}

// Reads into values and keeps the first error.
class JsonReader {
 public:
  std::optional<DecodeError> error() const { return error_; }

  template <class T>
  bool read(const boost::json::value& json, T& value, std::string_view member = {}) {
    if constexpr (boost::describe::has_describe_members<T>::value) {
      return read_struct(json, value);
    } else if constexpr (IsId<T>::value) {
      return read(json, value.value);
    } else if constexpr (std::is_enum_v<T>) {
      if (!json.is_string()) return fail(DecodeError::kBadValue);
      const auto known = enum_from_name<T>(std::string_view(json.get_string()));
      if (known) value = *known;
      return known || fail(DecodeError::kBadValue);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!json.is_bool()) return fail(DecodeError::kBadValue);
      value = json.get_bool();
      return true;
    } else if constexpr (std::is_arithmetic_v<T>) {
      return read_number(json, value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!json.is_string() || json.get_string().size() > text_bytes_max(member)) return fail(DecodeError::kBadValue);
      value = std::string_view(json.get_string());
      return true;
    } else {
      return read_list(json, value, member);
    }
  }

 private:
  bool fail(DecodeError error) {
    if (!error_) error_ = error;
    return false;
  }

  template <class T>
  bool read_struct(const boost::json::value& json, T& value) {
    if (!json.is_object()) return fail(DecodeError::kBadValue);
    const auto& object = json.get_object();
    bool ok = true;
    boost::mp11::mp_for_each<PublicMembers<T>>([&](auto member) {
      if (!ok) return;
      const boost::json::value* found = object.if_contains(member.name);
      ok = found != nullptr ? read(*found, value.*member.pointer, member.name) : fail(DecodeError::kMissingField);
    });
    if (ok && object.size() != boost::mp11::mp_size<PublicMembers<T>>::value) return fail(DecodeError::kUnknownField);
    return ok;
  }

  template <class T>
  bool read_number(const boost::json::value& json, T& value) {
    if constexpr (std::is_floating_point_v<T>) {
      if (!json.is_number()) return fail(DecodeError::kBadValue);
      value = json.to_number<T>();
      return true;
    } else {
      boost::json::error_code error;
      value = json.to_number<T>(error);  // refuses fractions and what T cannot hold
      return error ? fail(DecodeError::kBadValue) : true;
    }
  }

  template <class T>
  bool read_list(const boost::json::value& json, std::vector<T>& value, std::string_view member) {
    if (!json.is_array() || json.get_array().size() > kListEntriesMax) return fail(DecodeError::kBadValue);
    value.clear();
    value.reserve(json.get_array().size());
    for (const auto& entry : json.get_array()) {
      if (!read(entry, value.emplace_back(), member)) return false;
    }
    return true;
  }

  std::optional<DecodeError> error_;
};

}  // namespace eir::channel
