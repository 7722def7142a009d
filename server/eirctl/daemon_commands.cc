#include "server/eirctl/daemon_commands.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <cstring>
#include <ostream>
#include <stdexcept>
#include <string_view>

#include "server/api/ops_socket.h"
#include "server/channel/owned_fd.h"
#include "server/eirctl/eirctl.h"

namespace eir {
namespace {

namespace json = boost::json;

// Longer than eird takes to say that its own supervisor does not answer.
constexpr timeval kAnswerWithin{10, 0};
// The rooms of a full node are a tenth of it.
constexpr size_t kAnswerBytesMax = 16 << 20;

[[noreturn]] void fail(const std::string& path) {
  throw std::runtime_error("no eird answers at " + path + ": " + std::strerror(errno));
}

OwnedFd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error(path + " is too long for a socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  OwnedFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail(path);
  ::setsockopt(socket.value(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerWithin, sizeof kAnswerWithin);
  ::setsockopt(socket.value(), SOL_SOCKET, SO_SNDTIMEO, &kAnswerWithin, sizeof kAnswerWithin);
  if (::connect(socket.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail(path);
  return socket;
}

json::value ask(const std::string& state_dir, std::string_view command) {
  const std::string path = OpsSocket::path_in(state_dir);
  const OwnedFd socket = connect_to(path);
  const std::string line = std::string(command) + "\n";
  if (::send(socket.value(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) fail(path);
  std::string answer;
  char block[16384];
  ssize_t got = 0;
  while ((got = ::recv(socket.value(), block, sizeof block, 0)) > 0 && answer.size() < kAnswerBytesMax) {
    answer.append(block, static_cast<size_t>(got));
  }
  if (got < 0) fail(path);
  if (answer.empty())
    throw std::runtime_error("eird closed " + path + ": only its own user and root may ask, or it is being replaced");
  return json::parse(answer);
}

int64_t number(const json::value& object, std::string_view name) {
  const json::value* found = object.as_object().if_contains(json::string_view(name.data(), name.size()));
  return found == nullptr ? 0 : found->to_number<int64_t>();
}

std::string text(const json::value& object, std::string_view name) {
  return std::string(object.at(json::string_view(name.data(), name.size())).as_string());
}

bool flag(const json::value& object, std::string_view name) {
  return object.at(json::string_view(name.data(), name.size())).as_bool();
}

// False: says why not.
bool is_ok(const json::value& answer, std::ostream& out) {
  if (flag(answer, "ok")) return true;
  if (answer.as_object().contains("error")) out << "refused: " << text(answer, "error") << "\n";
  return false;
}

}  // namespace

int status_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out) {
  const json::value status = ask(state_dir, "status");
  const bool is_ready = flag(status, "ready");
  if (arguments.as_json) {
    out << status << "\n";
    return is_ready ? kCtlOk : kCtlFoundWrong;
  }
  const std::string_view state = flag(status, "draining") ? "draining" : is_ready ? "ready" : "not ready";
  out << fmt::format("node         {}, version {}\nstate        {}\n", text(status, "node"), text(status, "version"),
                     state);
  out << fmt::format("rooms        {}\nsignalling   {} connected, {} joins\n", status.at("rooms").as_array().size(),
                     number(status, "signalling"), number(status, "joins"));
  for (const json::value& worker : status.at("workers").as_array()) {
    const json::value& counters = worker.at("counters");
    out << fmt::format("worker {:<5} {}, {} rooms, {} participants, {} transports, {} restarts\n",
                       number(worker, "worker"), flag(worker, "connected") ? "up" : "down", number(worker, "rooms"),
                       number(counters, "participants"), number(counters, "transports"), number(worker, "restarts"));
  }
  const json::value& journal = status.at("journal");
  out << fmt::format("journal      {}, {} waiting, {} failures\n",
                     flag(journal, "writes") ? "writes" : "does not write", number(journal, "waiting"),
                     number(journal, "failures"));
  const json::value& reloads = status.at("reloads");
  out << fmt::format("reloads      {} taken, {} refused\n", number(reloads, "taken"), number(reloads, "refused"));
  if (status.as_object().contains("certificateExpires")) {
    out << "certificate  expires " << text(status, "certificateExpires") << "\n";
  }
  return is_ready ? kCtlOk : kCtlFoundWrong;
}

int rooms_command(const std::string& state_dir, const CtlArguments& arguments, std::ostream& out) {
  const json::value answer = ask(state_dir, "rooms");
  if (arguments.as_json) {
    out << answer << "\n";
    return kCtlOk;
  }
  for (const json::value& room : answer.at("rooms").as_array()) {
    const bool has_worker = room.as_object().contains("worker");
    out << fmt::format("{} room {} worker {} participants {} transports {}\n", text(room, "consultation"),
                       number(room, "room"), has_worker ? std::to_string(number(room, "worker")) : "-",
                       number(room, "participants"), number(room, "transports"));
  }
  return kCtlOk;
}

int drain_command(const std::string& state_dir, std::ostream& out) {
  const json::value answer = ask(state_dir, "drain");
  if (!is_ok(answer, out)) return kCtlFoundWrong;
  out << fmt::format("eird takes no new calls; {} rooms may go on for at most {} s, then it ends\n",
                     number(answer, "rooms"), number(answer, "limitS"));
  return kCtlOk;
}

int reload_command(const std::string& state_dir, std::ostream& out) {
  const json::value answer = ask(state_dir, "reload");
  if (!is_ok(answer, out)) {
    if (!answer.as_object().contains("errors")) return kCtlFoundWrong;
    out << "nothing was changed:\n";
    for (const json::value& error : answer.at("errors").as_array()) {
      out << fmt::format("line {}: {} {}\n", number(error, "line"), text(error, "key"), text(error, "message"));
    }
    return kCtlFoundWrong;
  }
  for (const json::value& key : answer.at("taken").as_array()) out << "taken: " << key.as_string().c_str() << "\n";
  for (const json::value& key : answer.at("needsRestart").as_array()) {
    out << "needs a restart, stays as it was: " << key.as_string().c_str() << "\n";
  }
  out << "reloaded: configuration, certificate, templates and credentials\n";
  return kCtlOk;
}

}  // namespace eir
