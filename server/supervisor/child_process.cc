#include "server/supervisor/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace eir {
namespace {

// What the shell uses for "could not be executed".
constexpr int kExitNotExecuted = 126;

[[noreturn]] void fail(const char* call) { throw std::system_error(errno, std::generic_category(), call); }

// Between fork and exec: system calls only.
[[noreturn]] void become(char* const* arguments, const int* inherited, size_t count, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kExitNotExecuted);
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGPIPE}) signal(number, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (size_t i = 0; i < count; ++i) fcntl(inherited[i], F_SETFD, 0);
  execv("/proc/self/exe", arguments);
  _exit(kExitNotExecuted);
}

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

pid_t start_child(const ChildStart& start) {
  const OwnedFd file = sealed_file(start.start_json);
  std::vector<int> inherited = start.inherited;
  inherited.push_back(file.value());
  std::vector<std::string> words = {"eird", "--role", start.role, "--start-fd", std::to_string(file.value())};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) become(arguments.data(), inherited.data(), inherited.size(), parent);
  return pid;
}

void make_undumpable() {
#if defined(__SANITIZE_ADDRESS__)
  constexpr bool kLeaksAreSearched = true;  // LeakSanitizer attaches as a debugger does
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  constexpr bool kLeaksAreSearched = true;
#else
  constexpr bool kLeaksAreSearched = false;
#endif
#else
  constexpr bool kLeaksAreSearched = false;
#endif
  if (!kLeaksAreSearched && prctl(PR_SET_DUMPABLE, 0) != 0) fail("PR_SET_DUMPABLE");
}

}  // namespace eir
