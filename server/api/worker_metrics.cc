#include "server/api/worker_metrics.h"

#include <algorithm>
#include <array>

namespace eir {
namespace {

struct Help {
  std::string_view name;
  std::string_view sentence;
};

// By name. A new counter of server/media gets its sentence here; ops_health_test.py fails until it has.
constexpr auto kHelp = std::to_array<Help>({
    {"draining", "Whether the media worker takes no new rooms and participants."},
    {"loop_batches_total", "Batches of datagrams read."},
    {"loop_flushes_repeated_total", "Flushes that the transmit queue had no room for at once."},
    {"loop_rests_total", "Turns that were put off so that more datagrams share one."},
    {"loop_timeouts_total", "Times the worker woke up for a timer."},
    {"loop_turns_cut_total", "Of these, times it left datagrams for the next turn."},
    {"loop_turns_total", "Times the worker woke up for datagrams."},
    {"packets_allocated", "Packet buffers that were ever needed at once."},
    {"packets_allocated_bytes", "Memory of these."},
    {"packets_in_use", "Packet buffers that hold a packet now: histories and queues."},
    {"participants", "Participants on the media worker."},
    {"rooms", "Rooms on the media worker, as it counts them."},
    {"router_datagrams_total", "Datagrams handed to the router."},
    {"router_downstream_lost_total", "Packets that receivers reported lost and that had been sent."},
    {"router_drop_duplicate_total", "Dropped: RTP that was there already, or too old."},
    {"router_drop_not_authentic_total",
     "Dropped: SRTP with a wrong tag, replayed, before its keys, or beyond the rate."},
    {"router_drop_not_negotiated_total", "Dropped: authentic RTP with a payload type that was not negotiated."},
    {"router_drop_queue_full_audio_total", "Sound not sent: the transmit queue was full."},
    {"router_drop_queue_full_video_total", "Video not sent: the transmit queue was full."},
    {"router_drop_revoked_total", "Not sent: the right or the packet was gone when its time came."},
    {"router_drop_rtcp_malformed_total", "Dropped: authentic, but no valid RTCP."},
    {"router_drop_rtcp_not_authentic_total", "Dropped: SRTCP likewise."},
    {"router_drop_rtp_malformed_total", "Dropped: authentic, but no valid RTP."},
    {"router_drop_slot_ended_total", "Not sent: the slot went away while it waited."},
    {"router_drop_stun_malformed_total", "Dropped: looks like STUN and is not."},
    {"router_drop_stun_refused_total", "Dropped: connectivity checks without valid integrity or beyond a limit."},
    {"router_drop_stun_unknown_total", "Dropped: connectivity checks for nobody here."},
    {"router_drop_unclassified_total", "Dropped: nothing that belongs on this port."},
    {"router_drop_unknown_path_total", "Dropped: DTLS, SRTP or SRTCP from a path without a valid connectivity check."},
    {"router_drop_unknown_ssrc_total", "Dropped: authentic RTP of no negotiated media."},
    {"router_drop_unsendable_total", "Not sent: no payload type in the slot, too large, or not to be encrypted."},
    {"router_dtls_total", "Of these, DTLS from a known path."},
    {"router_events_dropped_total", "Events lost because nobody took them in time."},
    {"router_history_dropped_early_total",
     "Packets that could be repeated for less than 1.5 s: the limit of bytes, or of packets."},
    {"router_key_frame_requests_in_total", "Key frame requests of receivers."},
    {"router_key_frame_requests_out_total", "Key frame requests to publishers."},
    {"router_nacks_in_total", "Sequence numbers that receivers asked for again."},
    {"router_nacks_out_total", "Sequence numbers asked of publishers again."},
    {"router_no_receiver_total", "Packets that nobody was shown when they came."},
    {"router_pair_silences_total", "Times that somebody's sound or picture stopped on its way to somebody for 5 s."},
    {"router_probe_out_bytes_total", "Bytes of packets sent to probe a line."},
    {"router_probe_out_total", "Packets sent to probe a line: pictures once more, or padding."},
    {"router_rtcp_datagrams_total", "Of these, SRTCP."},
    {"router_rtcp_in_total", "RTCP compound packets received."},
    {"router_rtcp_out_total", "RTCP compound packets sent."},
    {"router_rtp_datagrams_total", "Of these, SRTP."},
    {"router_rtp_in_total", "RTP packets that became part of a stream."},
    {"router_rtp_out_bytes_total", "Bytes of their datagrams."},
    {"router_rtp_out_total", "RTP packets sent, without retransmissions."},
    {"router_rtp_padding_in_total", "RTP packets of padding alone."},
    {"router_rtx_out_total", "Retransmissions sent."},
    {"router_slot_plans_total", "Times the slots of one participant were planned."},
    {"router_stun_total", "Of these, STUN."},
    {"slots_above_limit_total", "Packets not forwarded: of a temporal layer above the slot's limit."},
    {"slots_before_start_total", "Packets not forwarded: before the key frame that the slot began with."},
    {"slots_forwarded_total", "Media packets that slots took."},
    {"slots_gone_total", "Packets not forwarded: overwritten before the slot could read them."},
    {"slots_inserted_total", "H.264 parameter sets put before a key frame that came without."},
    {"slots_late_total", "Packets not forwarded: overtaken by the packet that the slot began with."},
    {"slots_left_total", "Packets not forwarded: unread when the slot, its right or its stream ended."},
    {"slots_looked_back_total", "Packets read again just before a switch of the source."},
    {"slots_no_room_total", "Packets not forwarded: a key frame larger than the slot's queue."},
    {"slots_not_ready_total",
     "Packets not forwarded: no transport yet, paused, muted by a host, or a codec that the slot cannot decode."},
    {"slots_offered_total", "Packets that arrived, once for each slot that shows their track."},
    {"slots_other_layer_total", "Packets not forwarded: of a layer that the slot does not show."},
    {"slots_overruns_total", "Times a history was overwritten before a slot had read it."},
    {"slots_padding_closed_total", "Padding packets whose number was closed up."},
    {"slots_padding_total", "Padding packets that slots took because later packets had passed."},
    {"slots_pauses_total", "Sources whose RTP time stood still and went on."},
    {"slots_switches_total", "Changes of a slot's source or layer."},
    {"transports", "Peer connections on the media worker."},
    {"udp_batches_of_16_to_31_total", "Batches read of 16 to 31 datagrams."},
    {"udp_batches_of_1_total", "Batches read of one datagram."},
    {"udp_batches_of_2_to_3_total", "Batches read of 2 to 3 datagrams."},
    {"udp_batches_of_32_to_64_total", "Batches read of 32 to 64 datagrams."},
    {"udp_batches_of_4_to_7_total", "Batches read of 4 to 7 datagrams."},
    {"udp_batches_of_8_to_15_total", "Batches read of 8 to 15 datagrams."},
    {"udp_bytes_in_total", "Bytes of their payload."},
    {"udp_bytes_out_total", "Bytes of their payload."},
    {"udp_datagrams_in_total", "Datagrams received."},
    {"udp_datagrams_out_total", "Datagrams sent."},
    {"udp_drop_no_packet_total", "Datagrams dropped because no packet buffer was left."},
    {"udp_drop_no_socket_total", "Datagrams to a path that no socket here serves."},
    {"udp_drop_revoked_total",
     "Datagrams thrown away before sending because the rights they were made under had gone."},
    {"udp_drop_send_error_total", "Datagrams that the kernel refused: no route, firewall, too long."},
    {"udp_drop_truncated_total", "Datagrams dropped because they were too long."},
    {"udp_gso_refused_total", "Runs of datagrams that had to be sent one by one."},
    {"udp_gso_runs_total", "Messages of two datagrams or more."},
    {"udp_receive_calls_empty_total", "recvmmsg() calls that found nothing."},
    {"udp_receive_calls_total", "recvmmsg() calls that brought something."},
    {"udp_receive_errors_total", "Failed receive calls; pending ICMP errors among them."},
    {"udp_runs_of_16_to_31_total", "Messages of 16 to 31 datagrams."},
    {"udp_runs_of_1_total", "Messages of one datagram."},
    {"udp_runs_of_2_to_3_total", "Messages of 2 to 3 datagrams."},
    {"udp_runs_of_32_to_64_total", "Messages of 32 to 64 datagrams."},
    {"udp_runs_of_4_to_7_total", "Messages of 4 to 7 datagrams."},
    {"udp_runs_of_8_to_15_total", "Messages of 8 to 15 datagrams."},
    {"udp_send_blocked_total", "Times the socket's buffer was full."},
    {"udp_send_calls_total", "sendmmsg() calls."},
    {"worker_clock_seconds", "The host's monotonic clock when the media worker counted."},
    {"worker_cpu_seconds_total", "CPU time of the media worker."},
});
static_assert(std::is_sorted(kHelp.begin(), kHelp.end(), [](const Help& a, const Help& b) { return a.name < b.name; }));

}  // namespace

std::string_view worker_metric_help(std::string_view name) {
  const auto* found = std::lower_bound(kHelp.begin(), kHelp.end(), name,
                                       [](const Help& help, std::string_view wanted) { return help.name < wanted; });
  return found != kHelp.end() && found->name == name ? found->sentence : std::string_view();
}

}  // namespace eir
