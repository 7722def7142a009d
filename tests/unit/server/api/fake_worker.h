#pragma once

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <string>
#include <vector>

#include "server/channel/channel_end.h"
#include "server/channel/supervisor_link.h"

namespace eir {

// The other end of a worker's channel: says yes to everything, answers offers with "answer to <offer>", refuses the
// offer "bad", and remembers what it was told.
class FakeWorker final : public channel::ChannelListener {
 public:
  FakeWorker(boost::asio::io_context& io, OwnedFd socket) : end_(io, std::move(socket), *this) {
    channel::Hello hello;
    send_event(hello);
  }

  void on_message(channel::Message message, OwnedFd) override {
    const auto* request = std::get_if<channel::Request>(&message.body);
    if (request == nullptr) return;
    if (std::holds_alternative<channel::Ping>(*request)) ++pings;
    if (is_silent) return;
    channel::Message reply;
    reply.id = message.id;
    reply.body = answer(*request);
    end_.send(reply);
  }
  void on_channel_closed(channel::CloseReason) override {}

  void send_event(channel::Event event) {
    channel::Message message;
    message.body = std::move(event);
    end_.send(message);
  }

  // By what they were told of last.
  std::map<uint32_t, channel::Rights> rights;
  std::map<uint32_t, bool> signs;
  std::map<uint32_t, size_t> muted_kinds;
  std::map<std::string, uint32_t> numbers;  // by public participant id
  std::vector<uint32_t> transports;
  std::vector<uint32_t> closed_transports;
  uint32_t rooms_opened = 0;
  uint32_t rooms_closed = 0;
  uint32_t left = 0;
  uint32_t pings = 0;
  bool is_silent = false;  // hangs: answers nothing from now on
  RoomId room;
  std::vector<channel::SlotWish> wishes;

 private:
  channel::Reply answer(const channel::Request& request) {
    if (std::holds_alternative<channel::Report>(request)) return channel::WorkerReport{};
    if (const auto* open = std::get_if<channel::OpenRoom>(&request)) {
      ++rooms_opened;
      room = open->room;
    } else if (std::holds_alternative<channel::CloseRoom>(request)) {
      ++rooms_closed;
    } else if (const auto* join = std::get_if<channel::Join>(&request)) {
      rights[join->participant.value] = join->rights;
      signs[join->participant.value] = join->signs;
      numbers[join->tag] = join->participant.value;
    } else if (const auto* set = std::get_if<channel::SetRights>(&request)) {
      rights[set->participant.value] = set->rights;
    } else if (const auto* mute = std::get_if<channel::SetMute>(&request)) {
      muted_kinds[mute->participant.value] = mute->kinds.size();
    } else if (const auto* view = std::get_if<channel::SetView>(&request)) {
      wishes = view->wishes;
    } else if (std::holds_alternative<channel::Leave>(request)) {
      ++left;
    } else if (const auto* close = std::get_if<channel::CloseTransport>(&request)) {
      closed_transports.push_back(close->transport.value);
    } else if (const auto* negotiate = std::get_if<channel::Negotiate>(&request)) {
      if (negotiate->offer == "bad") {
        channel::Refused refused;
        refused.code = channel::RefusalCode::kOfferRefused;
        refused.detail = "bundle_required";
        refused.line = 4;
        return refused;
      }
      transports.push_back(negotiate->transport.value);
      channel::Answer made;
      made.sdp = "answer to " + negotiate->offer;
      return made;
    }
    return channel::Done{};
  }

  channel::ChannelEnd end_;
};

}  // namespace eir
