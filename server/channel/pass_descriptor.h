#pragma once

#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <string_view>

#include "server/channel/owned_fd.h"

namespace eir::channel {

// sendmsg and recvmsg on a non-blocking Unix socket with at most one descriptor a message (SCM_RIGHTS). Both return as
// the system calls do; errno is theirs.
ssize_t send_with_descriptor(int socket, std::string_view bytes, const OwnedFd& descriptor);
// Descriptors that came are appended, closed on exec. -1 with EMSGSIZE if the peer sent more than one.
ssize_t receive_with_descriptor(int socket, char* buffer, size_t size, std::deque<OwnedFd>& descriptors);

}  // namespace eir::channel
