#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <span>

#include "server/config/config.h"

// The members of Config's structs, so that reader, writer and start parameters walk them without a list of their own.
namespace eir {

BOOST_DESCRIBE_ENUM(LogFormat, kText, kJson, kJournald)
BOOST_DESCRIBE_ENUM(LogLevel, kDebug, kInfo, kWarn, kError)
BOOST_DESCRIBE_STRUCT(HttpsListener, (), (addresses, port, certificate_file, key_file))
BOOST_DESCRIBE_STRUCT(HttpLoopbackListener, (), (addresses, port))
BOOST_DESCRIBE_STRUCT(OpsListener, (), (address, port))
BOOST_DESCRIBE_STRUCT(Listeners, (), (https, http_loopback, ops, public_url, allowed_origins))
BOOST_DESCRIBE_STRUCT(MediaAddress, (), (bind, announce))
BOOST_DESCRIBE_STRUCT(Dscp, (), (audio, video))
BOOST_DESCRIBE_STRUCT(MediaConfig, (),
                      (addresses, port_base, workers, forbid_cm80, receive_buffer_bytes, send_buffer_bytes, dscp,
                       measure_delay))
BOOST_DESCRIBE_STRUCT(Limits, (),
                      (consultations, participants_per_consultation, participants_per_worker,
                       transports_per_participant, joins_per_second, joins_per_source_per_minute, cpu_percent,
                       egress_mbit, http_connections, http_connections_per_source, http_body_bytes,
                       signalling_messages_per_second))
BOOST_DESCRIBE_STRUCT(Timeouts, (),
                      (worker_alone_s, drain_s, tls_handshake_s, http_header_s, http_body_s, http_idle_s,
                       signalling_hello_s))
BOOST_DESCRIBE_STRUCT(RetentionConfig, (), (consultations_days, audit_days, usage_days, events_days, answers_days))
BOOST_DESCRIBE_STRUCT(LogConfig, (), (format, level))
BOOST_DESCRIBE_STRUCT(Config, (),
                      (node_name, state_dir, templates_file, listeners, media, limits, timeouts, retention, log))

// What a number may be. Every numeric key has one; a test sees to it.
struct KeyRange {
  std::string_view key;
  uint64_t min = 0;
  uint64_t max = 0;
};
std::span<const KeyRange> key_ranges();

}  // namespace eir
