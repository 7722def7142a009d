#pragma once

#include <iosfwd>
#include <string>

#include "server/eirctl/arguments.h"

namespace eir {

// Each returns eirctl's exit code, and throws for files that are not as they must be.
int add_credential_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out);
int list_credentials_command(const std::string& state_dir, std::ostream& out);
int revoke_credential_command(const std::string& state_dir, const std::string& id, std::ostream& out);

}  // namespace eir
