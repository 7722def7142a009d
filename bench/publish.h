#pragma once

#include <string>

#include "lib/base/time.h"

namespace eir::bench {

struct PublishOptions {
  std::string api = "http://127.0.0.1:8080";
  std::string token;  // of an invitation that may be used `publishers` times
  size_t publishers = 8;
  Duration duration = 60s;
  std::string ivf_file;  // VP8; empty: lib/client's stamped pictures, which nobody can decode
  std::string ogg_file;  // Opus; empty: silence
};

// People in an existing consultation: each joins, publishes sound and picture, receives nothing, and leaves in the end.
// Writes a line to standard error when all are there. Throws std::runtime_error.
void publish(const PublishOptions& options);

}  // namespace eir::bench
