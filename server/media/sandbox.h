#pragma once

namespace eir {

// From here on this process may only do what a worker in service does: read, write and wait on descriptors that it has,
// take memory, know the time, end. It opens no file and no socket and starts nothing; whoever takes it over from the
// network is left with that. A forbidden system call ends the process, and the supervisor starts another. Throws
// std::system_error if the kernel refuses the filter. Returns false, having done nothing, in builds with sanitizers,
// which need more.
bool enter_sandbox();

}  // namespace eir
