#include "server/config/strict_yaml.h"

#include <yaml-cpp/eventhandler.h>

#include <charconv>
#include <sstream>
#include <string>
#include <system_error>

namespace eir {
namespace {

// Hears a document and keeps nothing of it.
class DeafHandler final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// YAML::LoadAll never returns from a text such as ",a": its parser takes that for one empty document after another. So
// one document is read, and whatever is left is a mistake.
bool has_text_after_first_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DeafHandler handler;
  return parser.HandleNextDocument(handler) && parser.HandleNextDocument(handler);
}

// A quoted scalar has the tag "!" and is text.
bool is_plain(const YAML::Node& node) { return node.IsScalar() && node.Tag() != "!"; }

}  // namespace

YamlDocument load_yaml(std::string_view text) {
  if (text.size() > kConfigBytesMax) {
    return {{}, ConfigError{0, "", "is larger than " + std::to_string(kConfigBytesMax) + " bytes"}};
  }
  try {
    const std::string copy(text);
    if (has_text_after_first_document(copy)) {
      return {{}, ConfigError{0, "", "holds more than one YAML document, or text that is none"}};
    }
    return {YAML::Load(copy), std::nullopt};
  } catch (const YAML::Exception& e) {
    return {{}, ConfigError{e.mark.is_null() ? 0 : e.mark.line + 1, "", "is not YAML: " + e.msg}};
  }
}

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

std::optional<bool> bool_of(const YAML::Node& node) {
  if (!is_plain(node)) return std::nullopt;
  if (node.Scalar() == "true") return true;
  if (node.Scalar() == "false") return false;
  return std::nullopt;
}

std::optional<uint64_t> number_of(const YAML::Node& node) {
  if (!is_plain(node) || node.Scalar().empty()) return std::nullopt;
  uint64_t number = 0;
  const char* end = node.Scalar().data() + node.Scalar().size();
  const auto parsed = std::from_chars(node.Scalar().data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return number;
}

}  // namespace eir
