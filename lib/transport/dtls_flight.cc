#include "lib/transport/dtls_flight.h"

namespace eir {
namespace {

//     RFC 6347 section 4.1
//     struct {
//       ContentType type;            offset 0
//       ProtocolVersion version;     1
//       uint16 epoch;                3
//       uint48 sequence_number;      5
//       uint16 length;               11
//       opaque fragment[length];     13
//     } DTLSPlaintext;
constexpr size_t kEpochAt = 3;
constexpr size_t kSequenceAt = 5;
constexpr size_t kLengthAt = 11;
constexpr size_t kRecordHeaderSize = 13;

}  // namespace

bool DtlsFlight::add(ByteView datagram) {
  if (is_over_) clear();
  is_over_ = false;
  if (ends_.size() == kDatagramsMax || bytes_.size() + datagram.size() > kBytesMax) return false;
  const size_t begin = bytes_.size();
  bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
  ends_.push_back(static_cast<uint16_t>(bytes_.size()));
  number_records(MutableBytes(bytes_).subspan(begin));
  return true;
}

void DtlsFlight::repeat() {
  sent_ = 0;
  size_t begin = 0;
  for (const uint16_t end : ends_) {
    number_records(MutableBytes(bytes_).subspan(begin, end - begin));
    begin = end;
  }
}

void DtlsFlight::clear() {
  bytes_.clear();
  ends_.clear();
  sent_ = 0;
}

ByteView DtlsFlight::next() {
  if (sent_ == ends_.size()) return {};
  const size_t begin = sent_ == 0 ? 0 : ends_[sent_ - 1];
  const size_t end = ends_[sent_++];
  return ByteView(bytes_).subspan(begin, end - begin);
}

void DtlsFlight::number_records(MutableBytes datagram) {
  while (datagram.size() >= kRecordHeaderSize) {
    if (load_u16(&datagram[kEpochAt]) == 0) {
      const uint64_t sequence = epoch0_sequence_++;
      store_u16(&datagram[kSequenceAt], static_cast<uint16_t>(sequence >> 32));
      store_u32(&datagram[kSequenceAt + 2], static_cast<uint32_t>(sequence));
    }
    const size_t size = kRecordHeaderSize + load_u16(&datagram[kLengthAt]);
    if (size > datagram.size()) return;
    datagram = datagram.subspan(size);
  }
}

}  // namespace eir
