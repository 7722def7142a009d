#include "bench/own_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <thread>

namespace eir::bench {
namespace {

constexpr std::chrono::seconds kStopDeadline{10};
constexpr std::chrono::milliseconds kPoll{20};

// The only part of posix_spawn() that has to be freed.
class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  void send_output_to(const std::filesystem::path& file) {
    constexpr mode_t kOwnerOnly = 0600;
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, file.c_str(), O_WRONLY | O_CREAT | O_APPEND, kOwnerOnly);
    posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "eir-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

OwnProcess::OwnProcess(const std::string& program, const std::vector<std::string>& arguments,
                       const std::filesystem::path& output) {
  FileActions actions;
  if (!output.empty()) actions.send_output_to(output);
  std::vector<char*> words = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const int error = posix_spawn(&pid_, program.c_str(), actions.get(), nullptr, words.data(), environ);
  if (error != 0) throw std::system_error(error, std::generic_category(), program);
}

bool OwnProcess::is_running() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = 0;
  return pid_ > 0;
}

OwnProcess::~OwnProcess() {
  if (!is_running()) return;
  kill(pid_, SIGTERM);
  const auto end = std::chrono::steady_clock::now() + kStopDeadline;
  while (is_running()) {
    if (std::chrono::steady_clock::now() > end) kill(pid_, SIGKILL);
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace eir::bench
