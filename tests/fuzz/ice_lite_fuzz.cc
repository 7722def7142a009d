// IceLite driven by a sequence of events in virtual time. Each event is one byte, followed by its arguments: checks
// right and wrong, raw STUN bytes, media, time, restarts, closed connections. After each one its promises are asked
// for.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "lib/transport/ice_lite.h"

namespace {

using namespace eir;  // a program of one file

void require(bool holds) {
  if (!holds) std::abort();
}

class Run {
 public:
  explicit Run(ByteView input) : input_(input) {}

  void all() {
    while (input_.remaining() > 0 && !input_.failed()) {
      step(input_.u8());
      invariants();
    }
  }

 private:
  void step(uint8_t kind) {
    switch (kind % 8) {
      case 0:
      case 1:
        return check();
      case 2:
        return raw();
      case 3:
        return ice_.handle_authenticated_packet(now_, path());
      case 4:
        now_ += std::chrono::milliseconds(input_.u16());
        if (kind < 128) ice_.handle_timeout(now_);  // else the timeout is late
        return;
      case 5:
        credentials_.push_back({"ufrag" + std::to_string(credentials_.size()), "password"});
        return ice_.restart(now_, credentials_.back());
      case 6:
        return ice_.handle_path_closed(now_, path());
      default:
        return drain();
    }
  }

  Path path() {
    const uint8_t bits = input_.u8();
    const uint32_t socket = (bits & 0x80) != 0 ? Path::kTcp : 0;
    return {socket + (bits >> 6 & 1), SocketAddress::v4({192, 0, 2, static_cast<uint8_t>(bits & 0x3f)}, 1)};
  }

  void check() {
    const Path from = path();
    const uint8_t bits = input_.u8();
    const IceCredentials& credentials = credentials_[(bits >> 4) % credentials_.size()];
    const bool is_forged = (bits & 8) != 0;
    StunKey& key = is_forged ? forged_key_ : key_;
    std::array<uint8_t, kStunWriteBytesMax> request{};
    const std::string username = credentials.ufrag + ":peer";
    const size_t size = write_binding_request(
        {.username = username, .priority = uint32_t{bits} & 3, .use_candidate = (bits & 4) != 0}, key, request);
    const StunOutcome outcome = receive(ByteView(request).first(size), from);
    require(!is_forged || (outcome.reply_size == 0 && outcome.rejection != StunRejection::kNone));
    require(outcome.reply_size <= size);
  }

  void raw() {
    const Path from = path();
    const size_t size = std::min<size_t>(input_.u8(), input_.remaining());
    receive(input_.bytes(size), from);
  }

  StunOutcome receive(ByteView bytes, const Path& from) {
    const auto message = StunMessage::parse(bytes);
    if (!message) return {};
    std::array<uint8_t, kStunWriteBytesMax> reply{};
    const StunOutcome outcome = ice_.handle_binding_request(now_, *message, from, reply);
    if (outcome.reply_size > 0) {
      require(message->has_integrity());
      require(StunMessage::parse(ByteView(reply).first(outcome.reply_size)).has_value());
    }
    if (outcome.path_is_new && std::find(known_.begin(), known_.end(), from) == known_.end()) known_.push_back(from);
    return outcome;
  }

  // The caller's view, kept by events alone, must be the agent's.
  void drain() {
    while (auto event = ice_.poll_event()) {
      if (const auto* removed = std::get_if<IcePathRemoved>(&*event)) {
        known_.erase(std::remove(known_.begin(), known_.end(), removed->path), known_.end());
        if (selected_ == removed->path) selected_.reset();
      } else if (const auto* selected = std::get_if<IcePathSelected>(&*event)) {
        selected_ = selected->path;
      }
    }
    require(known_.size() == ice_.path_count());
    for (const Path& known : known_) require(ice_.is_validated(known));
    require(selected_.has_value() == (ice_.selected_path() != nullptr));
    require(!selected_ || *selected_ == *ice_.selected_path());
  }

  void invariants() const {
    require(ice_.path_count() <= IceLite::kPathsMax);
    require(known_.size() <= IceLite::kPathsAndRemovalsMax);
    if (ice_.selected_path() != nullptr) require(ice_.is_validated(*ice_.selected_path()));
    require((ice_.send_path() == nullptr) == (ice_.path_count() == 0));
    require(ice_.is_expired() || ice_.next_timeout() != kNever);
  }

  ByteReader input_;
  Timestamp now_{Duration(1000s)};
  std::vector<IceCredentials> credentials_ = {{"ufrag0", "password"}};
  StunKey key_{"password"};  // keying is slow: one for all generations
  StunKey forged_key_{"forged"};
  IceLite ice_{now_, credentials_[0]};
  std::vector<Path> known_;
  std::optional<Path> selected_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Run({data, size}).all();
  return 0;
}
