#pragma once

#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/mp11/algorithm.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace eir {

// kCodecUnsupported → codec_unsupported: how an enumerator is written in YAML and JSON.
inline std::string snake_case(std::string_view enumerator) {
  if (enumerator.starts_with('k')) enumerator.remove_prefix(1);
  std::string out;
  for (const char c : enumerator) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !out.empty()) out += '_';
    out += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// For enums with BOOST_DESCRIBE_ENUM.
template <class E>
std::string enum_name(E value) {
  std::string out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto described) {
    if (described.value == value) out = snake_case(described.name);
  });
  return out;
}

template <class E>
std::optional<E> enum_from_name(std::string_view name) {
  std::optional<E> out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto described) {
    if (snake_case(described.name) == name) out = described.value;
  });
  return out;
}

// "text, json or journald", for messages.
template <class E>
std::string enum_choices() {
  std::string out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto described) {
    if (!out.empty()) out += ", ";
    out += snake_case(described.name);
  });
  return out;
}

}  // namespace eir
