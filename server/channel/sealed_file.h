#pragma once

#include <string>

#include "server/channel/owned_fd.h"

namespace eir {

// A memory file with this text, sealed against change, its offset at the start: how the supervisor hands text to its
// children. Throws std::system_error.
OwnedFd sealed_file(const std::string& text);
// The other side: reads it whole and closes it. Throws std::system_error.
std::string read_start_file(int fd);

}  // namespace eir
