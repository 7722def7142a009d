// What tests/integration/instructions_test.py runs under callgrind: a room in virtual time whose router forwards for
// some seconds, from one seed, so that two runs of one build execute the same instructions.
//
//   count_forward PUBLISHERS WATCHERS LOSS_PERCENT SECONDS    prints the RTP packets forwarded after the warm-up
#include <cstdio>
#include <cstdlib>

#include "tests/support/sim_world.h"

using namespace eir;  // NOLINT(google-build-using-namespace): a program of one file

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: count_forward PUBLISHERS WATCHERS LOSS_PERCENT SECONDS\n", stderr);
    return 2;
  }
  const auto publishers = static_cast<size_t>(std::atoi(argv[1]));
  const auto watchers = static_cast<size_t>(std::atoi(argv[2]));
  SimWorld world(1);
  AccessLine line;
  line.up.loss = line.down.loss = std::atof(argv[3]) / 100;
  for (size_t i = 0; i < publishers + watchers; ++i) {
    ClientOptions options;
    if (i < publishers) {
      options.audio = {AudioTrackOptions{}};
      options.video = {VideoTrackOptions{}};
    }
    // Publishers see each other, too, if there are some.
    options.audio_slots = options.video_slots = i < publishers ? publishers - 1 : publishers;
    world.join(options, line);
  }
  world.run_for(3s);
  const uint64_t before = world.rtp_sent();
  world.run_for(std::chrono::seconds(std::atoi(argv[4])));
  std::printf("%llu\n", static_cast<unsigned long long>(world.rtp_sent() - before));
  return 0;
}
