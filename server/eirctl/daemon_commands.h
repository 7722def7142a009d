#pragma once

#include <iosfwd>
#include <string>

#include "server/eirctl/arguments.h"

namespace eir {

// Each asks the running eird over the socket in its state directory and returns eirctl's exit code; throws
// std::runtime_error when none answers.
int status_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out);
int rooms_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out);
int drain_command(const std::string& state_dir, std::ostream& out);
int reload_command(const std::string& state_dir, std::ostream& out);

}  // namespace eir
