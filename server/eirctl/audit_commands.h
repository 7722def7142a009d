#pragma once

#include <iosfwd>
#include <string>

#include "server/eirctl/arguments.h"

namespace eir {

// Each opens the database to read and returns eirctl's exit code; throws StoreError for a database that cannot be read.
int verify_audit_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out);
int list_audit_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out);
int audit_head_command(const std::string& state_dir, std::ostream& out);

}  // namespace eir
