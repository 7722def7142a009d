// covers: lib/congestion/bandwidth_estimator.cc lib/congestion/rate_control.cc lib/congestion/loss_control.cc
// Sends, feedback (as a receiver writes it, or bytes of the input), reports and timeouts over virtual time: the target
// stays within its limits, timers never lie in the past, what is on its way is never less than nothing, and feedback
// about what was never sent changes nothing.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/base/check.h"
#include "lib/congestion/bandwidth_estimator.h"
#include "lib/congestion/feedback_recorder.h"
#include "lib/congestion/pacer.h"
#include "lib/rtp/rtcp_transport_cc.h"

namespace {

using namespace eir;

class Story {
 public:
  explicit Story(ByteView input) : input_(input) {}

  void run() {
    while (input_.remaining() >= 2) {
      const uint8_t verb = input_.u8();
      const uint8_t value = input_.u8();
      now_ += std::chrono::milliseconds(verb >> 4);
      act(verb & 15, value);
      check();
    }
  }

 private:
  void act(uint8_t verb, uint8_t value) {
    switch (verb) {
      case 0:
        return estimator_.set_wanted(now_, DataRate::kbps(value * 40));
      case 1:
        now_ += std::chrono::milliseconds(value * 8);
        return;
      case 2:
        return estimator_.handle_report(now_, double(value) / 128 - 0.5, std::chrono::milliseconds(value * 16));
      case 3:
        return estimator_.handle_remb(now_, DataRate::kbps(value * value));
      case 4:
        if (value < 8) estimator_.handle_route_change(now_);
        return;
      case 5:
        return raw_feedback(value);
      case 6:
        return receive_feedback();
      case 7:
        sequence_ = static_cast<uint16_t>(sequence_ + value * 8);  // numbers that others used
        return;
      case 8:
        estimator_.handle_timeout(now_);
        return;
      case 9:
        delay_ = std::chrono::milliseconds(value * 2);
        return;
      case 10:
        loses_ = value;
        return;
      default:
        return send(verb, value);
    }
  }

  void send(uint8_t verb, uint8_t value) {
    if (const auto probe = estimator_.poll_probe(now_)) {
      EIR_CHECK(probe->cluster != 0 && probe->rate.bps() > 0 && probe->bytes > 0 && probe->packets > 0);
      cluster_ = probe->cluster;
      pacer_.begin_probe(now_, {.rate = probe->rate, .bytes = probe->bytes, .packets = probe->packets});
    }
    pacer_.set_rate(estimator_.pacing());
    for (int i = 0; i <= verb - 11; ++i) {
      const size_t bytes = size_t{value} * 5 + 1;
      EIR_CHECK(pacer_.next_send(now_) >= now_);
      estimator_.note_sent(now_, sequence_, bytes, pacer_.is_probing() ? cluster_ : uint16_t{0});
      pacer_.note_sent(now_, bytes, (value & 1) != 0);
      if (value % 8 != loses_ % 8) recorder_.handle_packet(now_ + delay_ + 7777s, sequence_);
      ++sequence_;
    }
  }

  // As the receiver writes it.
  void receive_feedback() {
    std::array<uint8_t, 1400> bytes{};
    ByteWriter writer(bytes);
    if (!recorder_.write_feedback(now_ + delay_ + 7777s, {}, writer)) return;
    pass(writer.written());
  }
  // A message whose body is the input's.
  void raw_feedback(uint8_t value) {
    std::array<uint8_t, 512> bytes{};
    ByteWriter writer(bytes);
    const size_t words = 4 + value % 32;
    if (!write_rtcp_header(writer, RtcpType::kTransportFeedback, kFmtTransportCc, words * 4)) return;
    for (size_t i = 0; i < words * 4; ++i) writer.u8(input_.remaining() > 0 ? input_.u8() : 0);
    pass(writer.written());
  }
  void pass(ByteView bytes) {
    RtcpIterator blocks(bytes);
    const auto block = blocks.next();
    if (!block) return;
    const auto feedback = TransportCc::parse(*block);
    if (feedback) estimator_.handle_feedback(now_, *feedback);
  }

  void check() {
    EIR_CHECK(estimator_.target() >= kOptions.min && estimator_.target() <= kOptions.max);
    EIR_CHECK(estimator_.pacing() >= estimator_.target());
    if (now_ >= estimator_.next_timeout()) {
      estimator_.handle_timeout(now_);
      EIR_CHECK(estimator_.next_timeout() > now_);
    }
    const SentPackets::Counters& sent = estimator_.sent_counters();
    // What is on its way was sent, and neither acknowledged nor lost (nor forgotten by a change of route).
    EIR_CHECK(sent.acknowledged + sent.lost + sent.overwritten <= sent.sent);
    const BandwidthEstimator::State state = estimator_.state();
    EIR_CHECK(state.bytes_in_flight <= (sent.sent - sent.acknowledged - sent.lost - sent.overwritten) * 1276);
    EIR_CHECK(state.loss >= 0 && state.loss <= 1 && state.inherent_loss >= 0 && state.inherent_loss <= 1);
    EIR_CHECK(state.jitter >= Duration{} && state.queue >= Duration{});
    EIR_CHECK(estimator_.probing().succeeded() + estimator_.probing().given_up() <= estimator_.probing().sent());
  }

  static constexpr BandwidthEstimator::Options kOptions{};
  ByteReader input_;
  BandwidthEstimator estimator_{kOptions};
  Pacer pacer_{DataRate::kbps(450)};
  FeedbackRecorder recorder_;
  Timestamp now_ = Timestamp(100s);
  Duration delay_ = 20ms;
  uint8_t loses_ = 0;
  uint16_t sequence_ = 65'000;
  uint16_t cluster_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Story({data, size}).run();
  return 0;
}
