#include "server/api/json_read.h"

#include <boost/json/parse.hpp>

namespace eir::json_read {
namespace {

// Members as the text writes them: one ':' outside strings each. The text is valid JSON.
size_t members_written(std::string_view text) {
  size_t count = 0;
  bool in_string = false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (in_string && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      in_string = !in_string;
    } else if (text[at] == ':' && !in_string) {
      ++count;
    }
  }
  return count;
}

// No deeper than kDepthMax, which the parser has checked.
size_t members_kept(const boost::json::value& value) {
  size_t count = 0;
  if (value.is_array()) {
    for (const boost::json::value& element : value.get_array()) count += members_kept(element);
  } else if (value.is_object()) {
    count = value.get_object().size();
    for (const auto& entry : value.get_object()) count += members_kept(entry.value());
  }
  return count;
}

}  // namespace

std::optional<boost::json::value> parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(text, error, {}, options);
  if (error) return std::nullopt;
  // Of a name given twice the library keeps the last; two programs that read differently are an attack's way in.
  if (members_written(text) != members_kept(value)) return std::nullopt;
  return value;
}

JsonError unknown_field(std::string_view name) {
  constexpr size_t kNameMax = 32;
  // Only what a field's name is made of, so that nothing is cut in the middle of a character.
  std::string shown;
  for (const char c : name.substr(0, kNameMax)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    shown += is_plain ? c : '?';
  }
  return {"unknown_field", shown};
}

}  // namespace eir::json_read
