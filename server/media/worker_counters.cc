#include "server/media/worker_counters.h"

#include <time.h>

#include <array>
#include <string>
#include <string_view>

#include "server/channel/delay_counters.h"

namespace eir {
namespace {

class Snapshot {
 public:
  void add(std::string_view name, double value) { out_.values.push_back({std::string(name), value}); }
  void add(std::string_view name, uint64_t value) { add(name, static_cast<double>(value)); }
  void add(const DelayHistogram& delay) { channel::append_delay(delay, out_.values); }
  channel::Counters take() { return std::move(out_); }

 private:
  channel::Counters out_;
};

// Of this thread, which is the whole worker.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double clock_seconds() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void add_slots(const ForwardCounters& c, Snapshot& out) {
  out.add("slots_offered_total", c.offered);
  out.add("slots_looked_back_total", c.looked_back);
  out.add("slots_inserted_total", c.inserted);
  out.add("slots_forwarded_total", c.forwarded);
  out.add("slots_padding_total", c.padding);
  out.add("slots_padding_closed_total", c.padding_closed);
  out.add("slots_not_ready_total", c.not_ready);
  out.add("slots_other_layer_total", c.other_layer);
  out.add("slots_above_limit_total", c.above_limit);
  out.add("slots_before_start_total", c.before_start);
  out.add("slots_late_total", c.late);
  out.add("slots_left_total", c.left);
  out.add("slots_gone_total", c.gone);
  out.add("slots_no_room_total", c.no_room);
  out.add("slots_overruns_total", c.overruns);
  out.add("slots_switches_total", c.switches);
  out.add("slots_pauses_total", c.pauses);
}

void add_router(const RouterCounters& c, Snapshot& out) {
  out.add("router_datagrams_total", c.datagrams);
  out.add("router_stun_total", c.stun);
  out.add("router_dtls_total", c.dtls);
  out.add("router_rtp_datagrams_total", c.rtp_datagrams);
  out.add("router_rtcp_datagrams_total", c.rtcp_datagrams);
  out.add("router_drop_unknown_path_total", c.drop_unknown_path);
  out.add("router_drop_unclassified_total", c.drop_unclassified);
  out.add("router_drop_stun_malformed_total", c.drop_stun_malformed);
  out.add("router_drop_stun_unknown_total", c.drop_stun_unknown);
  out.add("router_drop_stun_refused_total", c.drop_stun_refused);
  out.add("router_drop_not_authentic_total", c.drop_not_authentic);
  out.add("router_drop_rtcp_not_authentic_total", c.drop_rtcp_not_authentic);
  out.add("router_drop_unknown_ssrc_total", c.drop_unknown_ssrc);
  out.add("router_drop_not_negotiated_total", c.drop_not_negotiated);
  out.add("router_drop_rtp_malformed_total", c.drop_rtp_malformed);
  out.add("router_drop_rtcp_malformed_total", c.drop_rtcp_malformed);
  out.add("router_drop_duplicate_total", c.drop_duplicate);
  out.add("router_drop_queue_full_audio_total", c.drop_queue_full_audio);
  out.add("router_drop_queue_full_video_total", c.drop_queue_full_video);
  out.add("router_drop_revoked_total", c.drop_revoked);
  out.add("router_drop_unsendable_total", c.drop_unsendable);
  out.add("router_drop_slot_ended_total", c.drop_slot_ended);
  out.add("router_no_receiver_total", c.no_receiver);
  out.add("router_history_dropped_early_total", c.history_dropped_early);
  out.add("router_rtp_in_total", c.rtp_in);
  out.add("router_rtp_padding_in_total", c.rtp_padding_in);
  out.add("router_rtp_out_total", c.rtp_out);
  out.add("router_rtp_out_bytes_total", c.rtp_out_bytes);
  out.add("router_rtx_out_total", c.rtx_out);
  out.add("router_probe_out_total", c.probe_out);
  out.add("router_probe_out_bytes_total", c.probe_out_bytes);
  out.add("router_rtcp_in_total", c.rtcp_in);
  out.add("router_rtcp_out_total", c.rtcp_out);
  out.add("router_downstream_lost_total", c.downstream_lost);
  out.add("router_nacks_in_total", c.nacks_in);
  out.add("router_nacks_out_total", c.nacks_out);
  out.add("router_key_frame_requests_in_total", c.key_frame_requests_in);
  out.add("router_key_frame_requests_out_total", c.key_frame_requests_out);
  out.add("router_slot_plans_total", c.slot_plans);
  out.add("router_pair_silences_total", c.pair_silences);
  out.add("router_events_dropped_total", c.events_dropped);
  add_slots(c.forward, out);
}

void add_udp(const UdpReceiveCounters& in, const UdpSendCounters& sent, Snapshot& out) {
  out.add("udp_receive_calls_total", in.calls);
  out.add("udp_receive_calls_empty_total", in.calls_empty);
  out.add("udp_datagrams_in_total", in.datagrams);
  out.add("udp_bytes_in_total", in.bytes);
  out.add("udp_drop_truncated_total", in.drop_truncated);
  out.add("udp_drop_no_packet_total", in.drop_no_packet);
  out.add("udp_receive_errors_total", in.errors);
  out.add("udp_send_calls_total", sent.calls);
  out.add("udp_datagrams_out_total", sent.datagrams);
  out.add("udp_bytes_out_total", sent.bytes);
  out.add("udp_gso_runs_total", sent.gso_runs);
  out.add("udp_gso_refused_total", sent.gso_refused);
  out.add("udp_send_blocked_total", sent.blocked);
  out.add("udp_drop_send_error_total", sent.drop_error);
  out.add("udp_drop_no_socket_total", sent.drop_no_socket);
  for (size_t i = 0; i < kSizeClasses; ++i) {
    out.add(kBatchCounters[i], in.batches[i]);
    out.add(kRunCounters[i], sent.runs[i]);
  }
}

}  // namespace

channel::Counters snapshot(const CounterSources& sources) {
  Snapshot out;
  out.add("rooms", static_cast<uint64_t>(sources.router.rooms().size()));
  out.add("participants", static_cast<uint64_t>(sources.router.participant_count()));
  out.add("transports", static_cast<uint64_t>(sources.router.transport_count()));
  out.add("draining", static_cast<uint64_t>(sources.router.is_draining()));
  out.add("packets_in_use", static_cast<uint64_t>(sources.pool.in_use()));
  out.add("packets_allocated", static_cast<uint64_t>(sources.pool.allocated()));
  out.add("packets_allocated_bytes", static_cast<uint64_t>(sources.pool.allocated_bytes()));
  // Control divides by it: what it makes of these figures shall not depend on when it reads them.
  out.add("worker_clock_seconds", clock_seconds());
  out.add("worker_cpu_seconds_total", cpu_seconds());
  out.add("loop_batches_total", sources.loop.batches);
  out.add("loop_turns_total", sources.loop.turns);
  out.add("loop_turns_cut_total", sources.loop.turns_cut);
  out.add("loop_rests_total", sources.loop.rests);
  out.add("loop_timeouts_total", sources.loop.timeouts);
  out.add("loop_flushes_repeated_total", sources.loop.flushes_repeated);
  out.add("udp_drop_revoked_total", sources.revoked_in_queue);
  add_router(sources.router.counters(), out);
  add_udp(sources.receive, sources.send, out);
  if (sources.added_delay != nullptr) out.add(*sources.added_delay);
  return out.take();
}

}  // namespace eir
