#include "bench/file_publisher.h"

#include <algorithm>
#include <array>

#include "lib/rtp/rtcp_reports.h"
#include "lib/rtp/rtp_packet.h"
#include "lib/transport/srtp_session.h"

namespace eir::bench {
namespace {

constexpr Duration kSoundInterval = 20ms;
constexpr Duration kReportInterval = 1s;
constexpr Duration kKeyFrameInterval = ClientSender::kKeyFrameInterval;
constexpr size_t kPayloadMax = 1100;
constexpr uint32_t kOpusClockRate = 48000;
// What a microphone with a voice before it has (RFC 6464).
constexpr AudioLevel kLevel{.voice = true, .level = 30};

}  // namespace

FilePublisher::FilePublisher(ClientLoop& loop, size_t client, const MediaFiles& files)
    : loop_(loop), client_(client), files_(files) {
  for (const auto& sender : loop.client(client).senders()) {
    Stream& stream = sender->kind() == MediaKind::kVideo ? video_ : audio_;
    stream.encoding = &sender->encodings().front();
    // The client's own source stays silent.
    loop.client(client).set_encoding_active(sender->mid(), stream.encoding->rid(), false);
  }
  audio_.clock_rate = kOpusClockRate;
}

void FilePublisher::start(Timestamp at, size_t first_frame) {
  frame_ = first_frame % files_.video.frames.size();
  go_to_key_frame();
  started_ = next_frame_ = next_sound_ = next_report_ = last_key_frame_ = at;
}

Timestamp FilePublisher::next_due() const { return std::min({next_frame_, next_sound_, next_report_}); }

void FilePublisher::send_due(Timestamp at) {
  if (loop_.take_key_frame_requests(client_) > 0 && at - last_key_frame_ >= kKeyFrameInterval) {
    last_key_frame_ = at;
    go_to_key_frame();
  }
  while (next_frame_ <= at) send_frame(next_frame_);
  while (next_sound_ <= at) send_sound(next_sound_);
  if (at < next_report_) return;
  send_report(at, video_);
  send_report(at, audio_);
  next_report_ = at + kReportInterval;
}

void FilePublisher::go_to_key_frame() {
  const auto& frames = files_.video.frames;
  for (size_t i = 0; i < frames.size() && !is_vp8_key_frame(frames[frame_].bytes); ++i) {
    frame_ = (frame_ + 1) % frames.size();
  }
}

uint32_t FilePublisher::rtp_time(Timestamp at, const Stream& stream) const {
  return static_cast<uint32_t>((at - started_).count() / 1000 * stream.clock_rate / 1'000'000);
}

// RFC 7741 section 4.2: X and S in the first byte, I in the second, then a picture id of 15 bits.
void FilePublisher::send_frame(Timestamp at) {
  constexpr uint8_t kExtended = 0x80;
  constexpr uint8_t kStart = 0x10;
  constexpr uint8_t kPictureId = 0x80;
  ByteView rest = files_.video.frames[frame_].bytes;
  frame_ = (frame_ + 1) % files_.video.frames.size();
  picture_id_ = static_cast<uint16_t>((picture_id_ + 1) & 0x7fff);
  bool is_first = true;
  while (!rest.empty()) {
    const ByteView part = rest.first(std::min(rest.size(), kPayloadMax));
    rest = rest.subspan(part.size());
    const std::array<uint8_t, 4> descriptor = {static_cast<uint8_t>(kExtended | (is_first ? kStart : 0)), kPictureId,
                                               static_cast<uint8_t>(0x80 | picture_id_ >> 8),
                                               static_cast<uint8_t>(picture_id_)};
    RtpHeader header;
    header.marker = rest.empty();
    send_packet(at, video_, header, descriptor, part);
    is_first = false;
  }
  ++frames_sent_;
  next_frame_ = started_ + Duration(frames_sent_ * 1'000'000'000 * files_.video.scale / files_.video.rate);
}

void FilePublisher::send_sound(Timestamp at) {
  send_packet(at, audio_, {}, {}, files_.sound[sound_]);
  sound_ = (sound_ + 1) % files_.sound.size();
  next_sound_ += kSoundInterval;
}

void FilePublisher::send_packet(Timestamp at, Stream& stream, RtpHeader header, ByteView descriptor, ByteView payload) {
  const EncodingFormat& format = stream.encoding->format();
  const Client& peer = loop_.client(client_);
  header.payload_type = format.payload_type;
  header.sequence_number = stream.sequence++;
  header.timestamp = rtp_time(at, stream);
  header.ssrc = stream.encoding->ssrc();
  HeaderExtensions extensions;
  extensions.mid = ShortText::of(&stream == &video_ ? peer.senders().back()->mid() : peer.senders().front()->mid());
  extensions.transport_sequence = transport_sequence_++;
  if (&stream == &audio_) extensions.audio_level = kLevel;
  std::array<uint8_t, Client::kDatagramMax> buffer{};
  size_t size = write_rtp_header(buffer, header, extensions, format.extensions);
  if (size + descriptor.size() + payload.size() + SrtpSession::kRtpOverheadMax > buffer.size()) return;
  std::copy(descriptor.begin(), descriptor.end(), &buffer[size]);
  size += descriptor.size();
  std::copy(payload.begin(), payload.end(), &buffer[size]);
  size += payload.size();
  if (!loop_.client(client_).transport().protect_rtp(buffer, size)) return;
  ++stream.packets;
  stream.octets += static_cast<uint32_t>(descriptor.size() + payload.size());
  loop_.send(client_, ByteView(buffer).first(size));
}

void FilePublisher::send_report(Timestamp at, const Stream& stream) {
  std::array<uint8_t, Client::kDatagramMax> buffer{};
  ByteWriter writer(buffer);
  const SenderInfo info{.sender = stream.encoding->ssrc(),
                        .ntp = to_ntp(at),
                        .rtp_timestamp = rtp_time(at, stream),
                        .packet_count = stream.packets,
                        .octet_count = stream.octets};
  const bool is_written = write_sender_report(writer, info, {}) &&
                          write_sdes_cname(writer, info.sender, loop_.client(client_).options().name);
  size_t size = writer.size();
  if (!is_written || !loop_.client(client_).transport().protect_rtcp(buffer, size)) return;
  loop_.send(client_, ByteView(buffer).first(size));
}

}  // namespace eir::bench
