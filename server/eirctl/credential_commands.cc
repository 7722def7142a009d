#include "server/eirctl/credential_commands.h"

#include <ostream>

#include "server/api/credential_file.h"
#include "server/eirctl/eirctl.h"

namespace eir {
namespace {

constexpr std::string_view kReload =
    "It takes effect when eird reloads: eirctl reload, systemctl reload eird, or SIGHUP.\n";

}  // namespace

int add_credential_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out) {
  const NewCredential made = add_credential(state_dir, {arguments.tenant}, arguments.scopes);
  out << "id:     " << made.id << "\ntenant: " << arguments.tenant << "\nscopes: " << scopes_text(arguments.scopes)
      << "\nsecret: " << made.secret.reveal() << "\nThe secret is not kept and not shown again. " << kReload;
  return kCtlOk;
}

int list_credentials_command(const std::string& state_dir, std::ostream& out) {
  for (const Credential& credential : read_credentials(state_dir)) {
    out << credential.id << ' ' << credential.tenant.name << ' ' << scopes_text(credential.scopes) << " made "
        << (credential.created.empty() ? "earlier" : credential.created);
    if (!credential.revoked.empty()) out << " revoked " << credential.revoked;
    out << "\n";
  }
  return kCtlOk;
}

int revoke_credential_command(const std::string& state_dir, const std::string& id, std::ostream& out) {
  if (!revoke_credential(state_dir, id)) {
    out << "no credential in force has the id " << id << "\n";
    return kCtlFoundWrong;
  }
  out << id << " is revoked. " << kReload;
  return kCtlOk;
}

}  // namespace eir
