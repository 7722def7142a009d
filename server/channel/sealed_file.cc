#include "server/channel/sealed_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace eir {
namespace {

[[noreturn]] void fail(const char* call) { throw std::system_error(errno, std::generic_category(), call); }

}  // namespace

OwnedFd sealed_file(const std::string& text) {
  OwnedFd file(memfd_create("eird-start", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) fail("memfd_create");
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = write(file.value(), text.data() + written, text.size() - written);
    if (n <= 0) fail("write of start parameters");
    written += static_cast<size_t>(n);
  }
  if (fcntl(file.value(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) fail("seal");
  if (lseek(file.value(), 0, SEEK_SET) != 0) fail("lseek");
  return file;
}

std::string read_start_file(int fd) {
  const OwnedFd file(fd);
  std::string out;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = read(fd, buffer, sizeof buffer)) > 0) out.append(buffer, static_cast<size_t>(n));
  if (n < 0) fail("read of start parameters");
  return out;
}

}  // namespace eir
