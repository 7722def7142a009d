#include "server/media/send_runs.h"

#include <algorithm>

namespace eir {

size_t run_length(std::span<const TransmitQueue::Datagram> datagrams) {
  if (datagrams.empty()) return 0;
  const TransmitQueue::Datagram& first = datagrams.front();
  if (first.size == 0) return 1;
  const size_t most = std::min({datagrams.size(), kRunSegmentsMax, std::max<size_t>(kRunBytesMax / first.size, 1)});
  size_t count = 1;
  while (count < most) {
    const TransmitQueue::Datagram& last = datagrams[count - 1];
    const TransmitQueue::Datagram& next = datagrams[count];
    // A shorter one ends the run.
    if (last.size != first.size || next.size > first.size || next.size == 0) break;
    if (next.offset != last.offset + last.size || next.path != first.path || next.kind != first.kind) break;
    ++count;
  }
  return count;
}

}  // namespace eir
