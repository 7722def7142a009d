#include "lib/transport/dtls_records.h"

namespace eir {
namespace {

// RFC 6347 section 4.1 and RFC 5246 section 6.2.1
enum ContentType : uint8_t { kChangeCipherSpec = 20, kHandshakeType = 22, kApplicationData = 23 };
constexpr uint8_t kVersionMajor = 254;  // DTLS 1.x counts down from 254

// RFC 6347 section 4.2.2, for each message or fragment in an unencrypted record:
//     HandshakeType msg_type; uint24 length; uint16 message_seq; uint24 fragment_offset; uint24 fragment_length;
DtlsDatagramKind inspect_fragments(ByteView record, size_t message_max) {
  ByteReader reader(record);
  while (reader.remaining() > 0) {
    reader.skip(1);
    const size_t length = reader.u24();
    reader.skip(2);
    const size_t offset = reader.u24();
    const size_t fragment = reader.u24();
    reader.skip(fragment);
    if (reader.failed() || offset + fragment > length) return DtlsDatagramKind::kMalformed;
    if (fragment == 0 && length > 0) return DtlsDatagramKind::kMalformed;
    if (length > message_max) return DtlsDatagramKind::kOversized;
  }
  return DtlsDatagramKind::kHandshake;
}

}  // namespace

DtlsDatagram inspect_dtls_datagram(ByteView datagram, size_t handshake_message_max) {
  DtlsDatagram result;
  ByteReader reader(datagram);
  do {
    const uint8_t type = reader.u8();
    const uint8_t major = reader.u8();
    reader.skip(1);
    const uint16_t epoch = reader.u16();
    reader.skip(6);
    const ByteView record = reader.bytes(reader.u16());
    if (reader.failed() || major != kVersionMajor) return {DtlsDatagramKind::kMalformed};
    if (type < kChangeCipherSpec || type > kApplicationData) return {DtlsDatagramKind::kMalformed};
    if (epoch > 0) ++result.encrypted_records;
    if (result.encrypted_records == 0) result.epoch0_size = reader.position();
    if (type == kChangeCipherSpec || type == kHandshakeType) result.kind = DtlsDatagramKind::kHandshake;
    if (type != kHandshakeType || epoch > 0) continue;
    const DtlsDatagramKind found = inspect_fragments(record, handshake_message_max);
    if (found != DtlsDatagramKind::kHandshake) return {found};
  } while (reader.remaining() > 0);
  return result;
}

}  // namespace eir
