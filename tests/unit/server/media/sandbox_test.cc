#include "server/media/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/rand.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <vector>

namespace eir {
namespace {

constexpr int kSurvived = 42;
constexpr int kNoSandboxHere = 43;

// How a process ends that does this in the sandbox. In builds with sanitizers there is none, and that is said.
int status_of(const std::function<void()>& act) {
  const pid_t pid = fork();
  if (pid == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (!enter_sandbox()) _exit(kNoSandboxHere);
    act();
    _exit(kSurvived);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

bool is_unsandboxed(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == kNoSandboxHere; }

void expect_killed(const std::function<void()>& act) {
  const int status = status_of(act);
  EXPECT_TRUE(is_unsandboxed(status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)) << status;
}

void expect_survived(const std::function<void()>& act) {
  const int status = status_of(act);
  EXPECT_TRUE(is_unsandboxed(status) || (WIFEXITED(status) && WEXITSTATUS(status) == kSurvived)) << status;
}

TEST(Sandbox, FilesCannotBeOpened) {
  expect_killed([] { static_cast<void>(open("/etc/hostname", O_RDONLY)); });
}

TEST(Sandbox, SocketsCannotBeMade) {
  expect_killed([] { static_cast<void>(socket(AF_UNIX, SOCK_DGRAM, 0)); });
}

TEST(Sandbox, NothingCanBeStarted) {
  expect_killed([] { static_cast<void>(fork()); });
  expect_killed([] { execl("/bin/true", "true", nullptr); });
}

TEST(Sandbox, MemoryCannotBecomeExecutable) {
  expect_killed(
      [] { static_cast<void>(mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); });
}

TEST(Sandbox, MemoryCanBeHad) {
  expect_survived([] {
    std::vector<char> large(size_t{64} << 20, 'x');
    large.resize(large.size() * 2);
    large.shrink_to_fit();
  });
}

TEST(Sandbox, OpensslCanSeedItselfAnew) {
  expect_survived([] {
    if (RAND_poll() != 1) _exit(1);
  });
}

// A failed EIR_CHECK must say so by its signal instead of dying as an intruder.
TEST(Sandbox, AbortIsStillAbort) {
  const int status = status_of([] { std::abort(); });
  EXPECT_TRUE(is_unsandboxed(status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)) << status;
}

}  // namespace
}  // namespace eir
