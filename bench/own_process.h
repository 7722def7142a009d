#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace eir::bench {

// A new directory under the temporary one, removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A server of one's own: told to end (SIGTERM) by its process id when this is destroyed, and ended after 10 s. It runs
// on the processors that this thread may use when it is started.
class OwnProcess {
 public:
  // Arguments without the program itself. `output` takes its standard output and error; empty: they stay this
  // program's. Throws std::system_error.
  OwnProcess(const std::string& program, const std::vector<std::string>& arguments,
             const std::filesystem::path& output = {});
  ~OwnProcess();
  OwnProcess(const OwnProcess&) = delete;
  OwnProcess& operator=(const OwnProcess&) = delete;
  pid_t pid() const { return pid_; }
  // Also takes the process's end, once.
  bool is_running();

 private:
  pid_t pid_ = 0;
};

}  // namespace eir::bench
