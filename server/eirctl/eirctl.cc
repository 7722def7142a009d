#include "server/eirctl/eirctl.h"

#include <exception>
#include <ostream>
#include <stdexcept>

#include "server/config/config.h"
#include "server/eirctl/arguments.h"
#include "server/eirctl/audit_commands.h"
#include "server/eirctl/credential_commands.h"
#include "server/eirctl/daemon_commands.h"

namespace eir {
namespace {

std::string state_dir_of(const CtlArguments& arguments) {
  if (!arguments.state_dir.empty()) return arguments.state_dir;
  if (arguments.config_file.empty()) return Config().state_dir;
  const ParsedConfig parsed = load_config(arguments.config_file);
  if (!parsed.ok()) throw std::runtime_error(parsed.error_text());
  return parsed.config.state_dir;
}

int run_command(const CtlArguments& arguments, std::ostream& out) {
  switch (arguments.command) {
    case CtlCommand::kHelp:
      out << kCtlUsageText;
      return kCtlOk;
    case CtlCommand::kVersion:
      out << "eirctl " << EIR_VERSION << "\n";
      return kCtlOk;
    case CtlCommand::kStatus:
      return status_command(state_dir_of(arguments), arguments, out);
    case CtlCommand::kRooms:
      return rooms_command(state_dir_of(arguments), arguments, out);
    case CtlCommand::kDrain:
      return drain_command(state_dir_of(arguments), out);
    case CtlCommand::kReload:
      return reload_command(state_dir_of(arguments), out);
    case CtlCommand::kCredentialAdd:
      return add_credential_command(state_dir_of(arguments), arguments, out);
    case CtlCommand::kCredentialList:
      return list_credentials_command(state_dir_of(arguments), out);
    case CtlCommand::kCredentialRevoke:
      return revoke_credential_command(state_dir_of(arguments), arguments.id, out);
    case CtlCommand::kAuditVerify:
      return verify_audit_command(state_dir_of(arguments), arguments, out);
    case CtlCommand::kAuditList:
      return list_audit_command(state_dir_of(arguments), arguments, out);
    case CtlCommand::kAuditHead:
      return audit_head_command(state_dir_of(arguments), out);
  }
  return kCtlUsage;  // not reached: all enumerators are above
}

}  // namespace

int run_eirctl(std::span<const std::string_view> words, std::ostream& out, std::ostream& error) {
  const auto arguments = parse_ctl_arguments(words);
  if (!arguments) {
    error << kCtlUsageText;
    return kCtlUsage;
  }
  try {
    return run_command(*arguments, out);
  } catch (const std::exception& failure) {
    error << "eirctl: " << failure.what() << "\n";
    return kCtlUsage;
  }
}

}  // namespace eir
