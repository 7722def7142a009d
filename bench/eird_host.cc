#include "bench/eird_host.h"

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "bench/metrics_page.h"
#include "bench/process_stats.h"
#include "server/api/credentials.h"

namespace eir::bench {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kReadyDeadline{20};
constexpr std::chrono::milliseconds kPoll{50};
constexpr uint16_t kMediaPortOffset = 10;
constexpr int kUsesMax = 1000;  // of an invitation: people come and go

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string loopback_url(uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

}  // namespace

EirdAddress parse_quickstart(std::string_view json_line) {
  const json::value value = json::parse(json::string_view(json_line.data(), json_line.size()));
  EirdAddress out;
  out.api = value.at("api").as_string();
  out.ops = value.at("ops").as_string();
  out.credential = read_text(std::string(value.at("credential_file").as_string()));
  out.pid = value.at("pid").to_number<pid_t>();
  return out;
}

OwnEird::OwnEird(const Options& options) {
  write_files(options);
  process_.emplace(options.program, std::vector<std::string>{"--config", (directory_.path() / "eird.yaml").string()});
  address_.pid = process_->pid();
  await_ready();
}

// Limits that guard against strangers are out of the way: all clients have one address. So is the one that guards a
// worker: what it cannot carry is to be seen.
void OwnEird::write_files(const Options& options) {
  std::ofstream config(directory_.path() / "eird.yaml");
  config << "state_dir: " << (directory_.path() / "state").string() << "\n"
         << "listeners:\n"
         << "  http_loopback: {addresses: [127.0.0.1], port: " << options.port_base << "}\n"
         << "  ops: {address: 127.0.0.1, port: " << options.port_base + 1 << "}\n"
         << "media:\n"
         << "  addresses: [{bind: 127.0.0.1}]\n"
         << "  port_base: " << options.port_base + kMediaPortOffset << "\n"
         << "  workers: " << options.workers
         << "\n"
         // Not said when it is not wanted: builds from before this key are measured, too.
         << (options.measures_delay ? "  measure_delay: true\n" : "") << "timeouts: {drain_s: 0}\n"
         << "limits:\n"
         << "  cpu_percent: 0\n"
         << "  joins_per_second: 10000\n"
         << "  joins_per_source_per_minute: 100000\n"
         << "  participants_per_worker: 5000\n"
         << "  http_connections: 65536\n"
         << "  http_connections_per_source: 65536\n"
         << "log: {level: warn}\n";
  std::filesystem::create_directory(directory_.path() / "state");
  std::filesystem::permissions(directory_.path() / "state", std::filesystem::perms::owner_all);
  make_credential((directory_.path() / "state").string(), "bench", (directory_.path() / "secret").string());
  address_.credential = read_text(directory_.path() / "secret");
  address_.api = loopback_url(options.port_base);
  address_.ops = loopback_url(static_cast<uint16_t>(options.port_base + 1));
}

void OwnEird::await_ready() {
  const auto end = std::chrono::steady_clock::now() + kReadyDeadline;
  ApiClient ops(parse_api_address(address_.ops));
  while (std::chrono::steady_clock::now() < end) {
    if (!process_->is_running()) throw std::runtime_error("eird ended at its start");
    try {
      ops.get("/readyz");
      return;
    } catch (const std::exception&) {
      std::this_thread::sleep_for(kPoll);
    }
  }
  throw std::runtime_error("eird does not get ready");
}

EirdHost::EirdHost(EirdAddress address)
    : address_(std::move(address)), api_(parse_api_address(address_.api)), ops_(parse_api_address(address_.ops)) {}

void EirdHost::open_rooms(size_t count) {
  while (invitations_.size() < count) invitations_.push_back(open_room());
}

// The room's invitation.
std::string EirdHost::open_room() {
  const json::object seat_wanted = {{"role", "clinician"}, {"many", true}};
  const json::object wanted = {{"template", "test"}, {"seats", json::array({seat_wanted})}};
  const json::value made = api_.post("/v1/consultations", wanted, address_.credential);
  const std::string consultation(made.at("id").as_string());
  const std::string seat(made.at("seats").at(0).at("id").as_string());
  const json::value invitation = api_.post("/v1/consultations/" + consultation + "/seats/" + seat + "/invitations",
                                           {{"kind", "link"}, {"maxUses", kUsesMax}}, address_.credential);
  return std::string(invitation.at("token").as_string());
}

std::unique_ptr<Session> EirdHost::join(const Seat& seat, std::string offer) {
  return api_.join(invitations_.at(seat.room), "bench", std::move(offer));
}

std::vector<pid_t> EirdHost::workers() const { return media_workers_of(address_.pid); }

Counters EirdHost::counters() { return parse_metrics_page(ops_.get("/metrics")); }

}  // namespace eir::bench
