#include "server/consultation/templates.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "lib/base/check.h"
#include "server/consultation/built_in_templates.h"
#include "server/consultation/template_reader.h"

namespace eir {
namespace {

constexpr size_t kNameBytesMax = 32;

bool is_template_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// One file's templates, each over the one that it extends, in whatever order they stand.
class TemplateFile {
 public:
  explicit TemplateFile(const Templates& known) : known_(known) {}

  void read(std::string_view yaml) {
    const YamlDocument document = load_yaml(yaml);
    if (document.error) {
      errors_.push_back(*document.error);
      return;
    }
    // An empty file, or one of comments only, adds nothing.
    if (document.root.IsNull()) return;
    if (!document.root.IsMap()) return fail(line_of(document.root), "", "must be a group of templates by name");
    collect(document.root);
    for (Entry& entry : entries_) resolve(entry);
  }

  std::vector<ConfigError>& errors() { return errors_; }

  // In the order of the file.
  std::vector<ConsultationTemplate> take() {
    std::vector<ConsultationTemplate> out;
    for (Entry& entry : entries_) out.push_back(std::move(entry.result));
    return out;
  }

 private:
  enum class Progress : uint8_t { kNotYet, kAtIt, kDone };

  struct Entry {
    NamedNode source;
    ConsultationTemplate result;
    Progress progress = Progress::kNotYet;
  };

  void fail(int line, std::string key, std::string message) {
    errors_.push_back({line, std::move(key), std::move(message)});
  }

  void collect(const YAML::Node& root) {
    size_t count = known_.names().size();
    for (const auto& pair : root) {
      const int line = line_of(pair.first);
      if (!pair.first.IsScalar() || !is_template_name(pair.first.Scalar())) {
        fail(line, "", "a template's name is made of a-z, 0-9 and _, at most " + std::to_string(kNameBytesMax));
        continue;
      }
      const std::string& name = pair.first.Scalar();
      if (find(name) != nullptr) {
        fail(line, name, "stands here twice");
        continue;
      }
      if (known_.find(name) == nullptr) ++count;
      if (count > kTemplatesMax) {
        return fail(line, name, "is one too many: there may be " + std::to_string(kTemplatesMax) + " templates");
      }
      entries_.push_back({{name, line, pair.second}, {}});
    }
  }

  Entry* find(std::string_view name) {
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) { return entry.source.name == name; });
    return found == entries_.end() ? nullptr : &*found;
  }

  // Goes as deep as the templates extend each other, at most all of them.
  void resolve(Entry& entry) {
    if (entry.progress != Progress::kNotYet) return;
    entry.progress = Progress::kAtIt;
    const size_t errors_before = errors_.size();
    entry.result = base_of(entry);
    read_template(entry.source, entry.result, errors_);
    // Each number may come from another template; only together they are wrong.
    if (errors_.size() == errors_before && entry.result.lock_at_admitted > entry.result.participants_max) {
      fail(entry.source.line, entry.source.name, "never locks: lock_at_admitted is above participants_max");
    }
    entry.progress = Progress::kDone;
  }

  // What it extends; the defaults where it extends nothing, or nothing that can be found.
  ConsultationTemplate base_of(Entry& entry) {
    const auto [name, line] = extends(entry.source);
    if (line == 0) return {};
    const std::string key = entry.source.name + ".extends";
    // Its own name means the template that it replaces.
    const bool is_own_name = name == entry.source.name;
    Entry* sibling = is_own_name ? nullptr : find(name);
    if (sibling != nullptr) {
      resolve(*sibling);
      if (sibling->progress == Progress::kDone) return sibling->result;
      fail(line, key, "goes in a circle");
      return {};
    }
    if (const ConsultationTemplate* base = known_.find(name)) return *base;
    if (is_own_name) {
      fail(line, key, "goes in a circle");
    } else {
      fail(line, key, is_template_name(name) ? "names no template: " + name : "must be a template's name");
    }
    return {};
  }

  struct Extends {
    std::string name;
    int line = 0;  // 0: it extends nothing
  };
  static Extends extends(const NamedNode& source) {
    if (!source.node.IsMap()) return {};
    for (const auto& pair : source.node) {
      if (!pair.first.IsScalar() || pair.first.Scalar() != "extends") continue;
      return {pair.second.IsScalar() ? pair.second.Scalar() : "", line_of(pair.first)};
    }
    return {};
  }

  const Templates& known_;
  std::vector<Entry> entries_;
  std::vector<ConfigError> errors_;
};

}  // namespace

Templates Templates::built_in() {
  Templates out;
  const auto errors = out.add(kBuiltInTemplates, "templates.yaml");
  EIR_CHECK(errors.empty());
  return out;
}

std::vector<std::string> Templates::add(std::string_view yaml, std::string_view file) {
  TemplateFile reading(*this);
  reading.read(yaml);
  std::ranges::stable_sort(reading.errors(), {}, &ConfigError::line);
  std::vector<std::string> out;
  for (const ConfigError& error : reading.errors()) {
    std::string line = std::string(file) + ":" + std::to_string(error.line) + ": ";
    if (!error.key.empty()) line += error.key + " ";
    out.push_back(line + error.message);
  }
  if (!out.empty()) return out;
  for (ConsultationTemplate& added : reading.take()) {
    // What is read again unchanged, on a reload, takes no further place.
    const ConsultationTemplate* before = find(added.name);
    if (before == nullptr || *before != added) templates_.push_back(std::move(added));
  }
  return out;
}

const ConsultationTemplate* Templates::find(std::string_view name) const {
  const auto found = std::find_if(templates_.rbegin(), templates_.rend(),
                                  [&](const ConsultationTemplate& kind) { return kind.name == name; });
  return found == templates_.rend() ? nullptr : &*found;
}

std::vector<std::string> Templates::names() const {
  std::vector<std::string> out;
  for (const ConsultationTemplate& kind : templates_) {
    if (std::ranges::find(out, kind.name) == out.end()) out.push_back(kind.name);
  }
  return out;
}

}  // namespace eir
