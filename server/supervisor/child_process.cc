#include "server/supervisor/child_process.h"

#include <fcntl.h>
#include <signal.h>
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
