#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "server/channel/sealed_file.h"

namespace eir {

struct ChildStart {
  std::string role;        // value of --role
  std::string start_json;  // what it finds in the file of --start-fd
  std::vector<int> inherited;
};

// Forks and runs this executable again. The child inherits exactly these descriptors under their numbers and the three
// standard ones, ignores SIGHUP, SIGINT and SIGTERM (its supervisor tells it what to do) and dies with its parent.
// Throws std::system_error.
pid_t start_child(const ChildStart& start);

// Neither debugger nor core dump shows keys and media of this process to another one of the same user.
void make_undumpable();

}  // namespace eir
