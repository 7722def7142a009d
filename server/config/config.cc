#include "server/config/config.h"

#include <algorithm>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <type_traits>

#include "server/config/config_checks.h"
#include "server/config/config_fields.h"
#include "server/config/config_reader.h"
#include "server/config/enum_names.h"

namespace eir {
namespace {

// A key may be any bytes that stand in the file; what is told of them must not steer a terminal or break a JSON text.
std::string printable(std::string text) {
  constexpr size_t kBytesMax = 256;
  static constexpr char kHex[] = "0123456789abcdef";
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (text.size() <= kBytesMax && std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string out;
  for (const char c : text.substr(0, kBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(c)) {
      out += c;
    } else {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return text.size() > kBytesMax ? out + "..." : out;
}

ParsedConfig finish(ConfigReading& reading, std::string_view filename) {
  ParsedConfig out;
  out.filename = filename;
  out.lines = std::move(reading.lines);
  out.errors = std::move(reading.errors);
  for (ConfigError& error : out.errors) {
    error.line = std::max(error.line, 1);
    error.key = error.key.empty() ? std::string(kWholeDocument) : printable(std::move(error.key));
    error.message = printable(std::move(error.message));
  }
  std::stable_sort(out.errors.begin(), out.errors.end(),
                   [](const ConfigError& a, const ConfigError& b) { return a.line < b.line; });
  if (out.errors.empty()) out.config = std::move(reading.config);
  return out;
}

std::string quoted(const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\x";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

template <class T>
void write(std::string& out, const std::vector<T>& values, const std::string& indent);

// Continues a line that ends in the key's colon, or in the dash of a list's entry.
template <class T>
void write(std::string& out, const T& value, const std::string& indent) {
  if constexpr (boost::describe::has_describe_members<T>::value) {
    out += '\n';
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>([&](auto member) {
      out.append(indent).append(member.name).append(":");
      write(out, value.*member.pointer, indent + "  ");
    });
  } else if constexpr (std::is_same_v<T, std::string>) {
    out += " " + quoted(value) + "\n";
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? " true\n" : " false\n";
  } else if constexpr (std::is_enum_v<T>) {
    out += " " + enum_name(value) + "\n";
  } else {
    out += " " + std::to_string(value) + "\n";
  }
}

template <class T>
void write(std::string& out, const std::vector<T>& values, const std::string& indent) {
  if (values.empty()) {
    out += " []\n";
    return;
  }
  out += '\n';
  for (const T& value : values) {
    std::string entry;
    write(entry, value, indent + "  ");
    // The first key of a group stands on the dash's line.
    if (entry.starts_with('\n')) entry.replace(0, 1 + indent.size() + 2, " ");
    out.append(indent).append("-").append(entry);
  }
}

}  // namespace

ConfigError ParsedConfig::error(std::string key, std::string message) const {
  const int line = line_of_key(lines, key);
  return {line, key.empty() ? std::string(kWholeDocument) : printable(std::move(key)), printable(std::move(message))};
}

std::string ParsedConfig::error_text() const {
  std::string out;
  for (const ConfigError& error : errors) {
    out.append(filename).append(":").append(std::to_string(error.line)).append(": ");
    out.append(error.key).append(" ").append(error.message).append("\n");
  }
  return out;
}

ParsedConfig parse_config(std::string_view text, std::string_view filename) {
  ConfigReading reading = read_config(text);
  // What a value means is worth saying only where the reader understood it.
  check_config(reading);
  return finish(reading, filename);
}

ParsedConfig check_config_text(std::string_view text, std::string_view filename) {
  ConfigReading reading = read_config(text);
  check_config(reading);
  check_config_files(reading.config, reading.lines, reading.errors);
  return finish(reading, filename);
}

ParsedConfig load_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kConfigBytesMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    ParsedConfig unread;
    unread.filename = path;
    unread.errors.push_back(unread.error("", std::string("cannot be read: ") + std::strerror(errno)));
    return unread;
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return check_config_text(text, path);
}

std::string to_yaml(const Config& config) {
  std::string out;
  write(out, config, "");
  return out.substr(1);
}

}  // namespace eir
