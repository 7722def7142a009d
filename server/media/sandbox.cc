#include "server/media/sandbox.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace eir {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif
#else
constexpr bool kIsSanitized = false;
#endif

constexpr std::array kAllowed = {
    // Datagrams, the channel and the line to the supervisor (descriptors arrive by recvmsg), standard error, Asio's
    // eventfd.
    SCMP_SYS(recvmmsg), SCMP_SYS(sendmmsg), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(sendto),
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
    // Waiting.
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(timerfd_settime),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
    // Memory, besides mmap and mprotect below.
    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
    // Time and entropy.
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
    // OpenSSL asks before each use of its generator whether it was forked; abort() names its own thread.
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group),
    // Standard streams look at their descriptor at first use.
    SCMP_SYS(fstat), SCMP_SYS(newfstatat)};

[[noreturn]] void fail(int error, const char* call) { throw std::system_error(error, std::generic_category(), call); }

class Filter {
 public:
  // A killed process is seen at once; an error code is something that a takeover could live with.
  Filter() : context_(seccomp_init(SCMP_ACT_KILL_PROCESS)) {
    if (context_ == nullptr) fail(ENOMEM, "seccomp_init");
  }
  ~Filter() { seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void allow(int call) { check(seccomp_rule_add(context_, SCMP_ACT_ALLOW, call, 0)); }
  void allow_if(int call, const scmp_arg_cmp& condition) {
    check(seccomp_rule_add_array(context_, SCMP_ACT_ALLOW, call, 1, &condition));
  }
  void load() { check(seccomp_load(context_)); }

 private:
  static void check(int result) {
    if (result != 0) fail(-result, "seccomp filter");
  }
  scmp_filter_ctx context_;
};

constexpr scmp_arg_cmp equals(unsigned argument, uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }
constexpr scmp_arg_cmp lacks(unsigned argument, uint64_t bits) { return {argument, SCMP_CMP_MASKED_EQ, bits, 0}; }

}  // namespace

bool enter_sandbox() {
  if (kIsSanitized) return false;
  if (prctl(PR_SET_DUMPABLE, 0) != 0) fail(errno, "PR_SET_DUMPABLE");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(errno, "PR_SET_NO_NEW_PRIVS");
  Filter filter;
  for (const int call : kAllowed) filter.allow(call);
  // No memory is ever made executable: the protection is the third argument of both.
  filter.allow_if(SCMP_SYS(mmap), lacks(2, PROT_EXEC));
  filter.allow_if(SCMP_SYS(mprotect), lacks(2, PROT_EXEC));
  // Asio makes a new channel's socket non-blocking.
  filter.allow_if(SCMP_SYS(ioctl), equals(1, FIONBIO));
  filter.load();
  return true;
}

}  // namespace eir
