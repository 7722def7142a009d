#include "server/eirctl/arguments.h"

#include <algorithm>
#include <array>

#include "server/store/audit_trail.h"

namespace eir {

const std::string_view kCtlUsageText =
    "usage: eirctl status [--json]\n"
    "       eirctl rooms [--json]\n"
    "       eirctl reload\n"
    "       eirctl drain\n"
    "       eirctl credential add --tenant T [--scope manage|read|audit|events]...\n"
    "       eirctl credential list\n"
    "       eirctl credential revoke ID\n"
    "       eirctl audit verify [--tenant T] [--head TENANT:SEQ:HASH]...\n"
    "       eirctl audit list --tenant T [--consultation C]\n"
    "       eirctl audit head\n"
    "       eirctl --version | --help\n"
    "Each takes --config FILE (that of eird) or --state-dir DIR; without either the directory is /var/lib/eir.\n"
    "  status             whether the running eird is ready, its workers, journal and certificate. 1 if it is not "
    "ready.\n"
    "  rooms              consultations that have somebody in them: ids and numbers, no names.\n"
    "  reload             as SIGHUP, and says what was taken, what needs a restart, or each mistake with its line.\n"
    "  drain              as SIGTERM: no new calls; running ones for timeouts.drain_s, then eird ends.\n"
    "  credential add     makes a secret for a program of the tenant and prints it, this once. Without --scope it may\n"
    "                     manage, read and follow events, but not read the audit trail.\n"
    "  credential list    ids, tenants, scopes, when made and when revoked; no secrets.\n"
    "  credential revoke  the secret opens nothing once eird has reloaded (eirctl reload).\n"
    "  audit verify       checks the database, every link of each tenant's audit chain, and that the chain still "
    "holds\n"
    "                     the heads that were written down elsewhere.\n"
    "  audit list         who did what, oldest first; of one consultation, or of the whole tenant.\n"
    "  audit head         the last link of each tenant's chain, to be kept elsewhere: tenant seq hash.\n"
    "The first four talk to the running eird over its socket in the state directory, which is open to its user and to "
    "root\n"
    "alone; the others work on files, and eird may be running. Exit codes: 0 all is well, 1 something was found wrong "
    "or not at all, 2 arguments or "
    "files.\n";

namespace {

struct CommandForm {
  std::string_view first;
  std::string_view second;  // empty: a command of one word
  CtlCommand command;
  std::string_view options;  // of its own, by their first letters
};

constexpr std::array<CommandForm, 10> kForms = {{
    {"status", "", CtlCommand::kStatus, "j"},
    {"rooms", "", CtlCommand::kRooms, "j"},
    {"reload", "", CtlCommand::kReload, ""},
    {"drain", "", CtlCommand::kDrain, ""},
    {"credential", "add", CtlCommand::kCredentialAdd, "ts"},
    {"credential", "list", CtlCommand::kCredentialList, ""},
    {"credential", "revoke", CtlCommand::kCredentialRevoke, ""},
    {"audit", "verify", CtlCommand::kAuditVerify, "th"},
    {"audit", "list", CtlCommand::kAuditList, "tc"},
    {"audit", "head", CtlCommand::kAuditHead, ""},
}};

bool take_option(const CommandForm& form, std::string_view name, std::string_view value, CtlArguments& out) {
  const auto takes = [&form](char letter) { return form.options.find(letter) != std::string_view::npos; };
  if (value.empty()) return false;
  if (name == "--config" || name == "--state-dir") {
    if (!out.config_file.empty() || !out.state_dir.empty()) return false;
    (name == "--config" ? out.config_file : out.state_dir) = value;
    return true;
  }
  if (name == "--tenant" && takes('t')) {
    out.tenant = value;
    return true;
  }
  if (name == "--consultation" && takes('c')) {
    out.consultation = value;
    return true;
  }
  if (name == "--scope" && takes('s')) {
    const auto scope = scope_from_text(value);
    if (scope) out.scopes.add(*scope);
    return scope.has_value();
  }
  if (name == "--head" && takes('h')) {
    const auto head = parse_audit_head(value);
    if (head) out.heads.push_back(*head);
    return head.has_value();
  }
  return false;
}

bool is_complete(CtlArguments& out) {
  switch (out.command) {
    case CtlCommand::kCredentialAdd:
      if (out.scopes.empty()) out.scopes = {Scope::kManage, Scope::kRead, Scope::kEvents};
      return !out.tenant.empty();
    case CtlCommand::kCredentialRevoke:
      return !out.id.empty();
    case CtlCommand::kAuditList:
      return !out.tenant.empty();
    case CtlCommand::kHelp:
    case CtlCommand::kVersion:
    case CtlCommand::kStatus:
    case CtlCommand::kRooms:
    case CtlCommand::kDrain:
    case CtlCommand::kReload:
    case CtlCommand::kCredentialList:
    case CtlCommand::kAuditVerify:
    case CtlCommand::kAuditHead:
      return true;
  }
  return false;  // not reached: all enumerators are above
}

}  // namespace

std::optional<CtlArguments> parse_ctl_arguments(std::span<const std::string_view> words) {
  CtlArguments out;
  if (std::find(words.begin(), words.end(), "--help") != words.end()) return out;
  if (words.size() == 1 && words[0] == "--version") {
    out.command = CtlCommand::kVersion;
    return out;
  }
  const auto* form = std::find_if(kForms.begin(), kForms.end(), [&](const CommandForm& candidate) {
    if (words.empty() || candidate.first != words[0]) return false;
    return candidate.second.empty() || (words.size() > 1 && candidate.second == words[1]);
  });
  if (form == kForms.end()) return std::nullopt;
  out.command = form->command;
  for (size_t i = form->second.empty() ? 1 : 2; i < words.size(); ++i) {
    if (words[i] == "--json" && form->options == "j") {
      out.as_json = true;
      continue;
    }
    if (words[i].substr(0, 2) == "--") {
      if (i + 1 == words.size() || !take_option(*form, words[i], words[i + 1], out)) return std::nullopt;
      ++i;
    } else if (out.command == CtlCommand::kCredentialRevoke && out.id.empty()) {
      out.id = words[i];
    } else {
      return std::nullopt;
    }
  }
  if (!is_complete(out)) return std::nullopt;
  return out;
}

}  // namespace eir
