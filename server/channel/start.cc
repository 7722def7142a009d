#include "server/channel/start.h"

#include <boost/describe/class.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "server/channel/described_json.h"
#include "server/config/config_fields.h"

namespace eir::channel {

BOOST_DESCRIBE_STRUCT(InheritedSocket, (), (fd, address, port, announce))
BOOST_DESCRIBE_STRUCT(LogStart, (), (format, level, process, redaction_key))
BOOST_DESCRIBE_STRUCT(WorkerStart, (),
                      (worker, channel_fd, supervisor_fd, udp, forbid_cm80, dscp, measure_delay, participants_max,
                       transports_per_participant_max, alone_s, log))
BOOST_DESCRIBE_STRUCT(ControlStart, (),
                      (supervisor_fd, workers, config_file, config_yaml, https, http_loopback, ops, log))

namespace {

template <class T>
std::optional<T> parse(std::string_view json) {
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(json, error);
  T out;
  if (error || !JsonReader().read(parsed, out)) return std::nullopt;
  return out;
}

}  // namespace

std::string to_json(const WorkerStart& start) { return boost::json::serialize(to_json_value(start)); }
std::string to_json(const ControlStart& start) { return boost::json::serialize(to_json_value(start)); }
std::optional<WorkerStart> parse_worker_start(std::string_view json) { return parse<WorkerStart>(json); }
std::optional<ControlStart> parse_control_start(std::string_view json) { return parse<ControlStart>(json); }

}  // namespace eir::channel
