#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <set>
#include <string>

#include "tests/support/sim_world.h"

namespace eir {

// A simulation runs once per seed; a failure prints the seed that shows it again (SimTest/…/<seed>).
class SimTest : public testing::TestWithParam<uint64_t> {
 protected:
  void TearDown() override {
    if (HasFailure()) std::cerr << "[   SEED   ] " << GetParam() << '\n';
  }
};

// One microphone and one camera, and slots for `others` people.
inline ClientOptions two_way(size_t others, const std::string& name = "client") {
  ClientOptions options;
  options.name = name;
  options.audio = {AudioTrackOptions{}};
  options.video = {VideoTrackOptions{}};
  options.audio_slots = others;
  options.video_slots = others;
  return options;
}
inline ClientOptions publisher() { return two_way(0, "publisher"); }
inline ClientOptions watcher(size_t others) {
  ClientOptions options = two_way(others, "watcher");
  options.audio.clear();
  options.video.clear();
  return options;
}

inline const ReceiverStats& slot_stats(const SimPerson& person, MediaKind kind, size_t index = 0) {
  for (const auto& receiver : person.client->receivers()) {
    if (receiver->kind() == kind && index-- == 0) return receiver->stats();
  }
  ADD_FAILURE() << "no such slot";
  static const ReceiverStats kNone;
  return kNone;
}
inline const ClientReceiver& slot(const SimPerson& person, MediaKind kind, size_t index = 0) {
  for (const auto& receiver : person.client->receivers()) {
    if (receiver->kind() == kind && index-- == 0) return *receiver;
  }
  EIR_CHECK(false);
  return *person.client->receivers().front();
}

// What must hold of every slot, whatever the network does.
inline void expect_unbroken(const SimPerson& person) {
  for (const auto& receiver : person.client->receivers()) {
    SCOPED_TRACE(person.client->options().name + std::to_string(person.id.value) + " slot " + receiver->mid());
    const ReceiverStats& stats = receiver->stats();
    EXPECT_EQ(stats.corrupt, 0U);
    EXPECT_EQ(stats.unprotect_failed, 0U);
    EXPECT_EQ(stats.picture_id_breaks, 0U);
    EXPECT_EQ(stats.tl0_breaks, 0U);
    EXPECT_EQ(stats.timestamp_breaks, 0U);
    EXPECT_EQ(stats.changes_without_key, 0U);
    // CSRC and signalling name the same track, and the stamp the same sender.
    for (const CsrcCount& csrc : stats.csrcs) EXPECT_NE(csrc.csrc, 0U);
  }
  EXPECT_EQ(person.client->counters().drop_unknown_ssrc, 0U);
  EXPECT_EQ(person.client->counters().rtcp_malformed, 0U);
}

// On a perfect network nothing is missing either.
inline void expect_perfect(const SimPerson& person) {
  expect_unbroken(person);
  for (const auto& receiver : person.client->receivers()) {
    SCOPED_TRACE(person.client->options().name + std::to_string(person.id.value) + " slot " + receiver->mid());
    const ReceiverStats& stats = receiver->stats();
    EXPECT_EQ(stats.lost + receiver->missing(), 0U);
    // What came again was a probe of the line: nothing was missing.
    EXPECT_EQ(stats.duplicates, stats.rtx_packets);
    EXPECT_EQ(stats.plis_sent, 0U);
  }
}

}  // namespace eir
