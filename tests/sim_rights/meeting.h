#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/channel/messages.h"

namespace eir {

// The domain of one consultation, as far as a test of its rights needs it, in the words of the channel: the router's
// headers and the domain's have names in common, so that no file includes both. Seats are numbered as given; seat 0 is
// a clinician's, who is the host and has joined.
class Meeting {
 public:
  Meeting(std::string_view kind, const std::vector<std::string>& roles);
  ~Meeting();
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;

  // By a new invitation to the seat; connected.
  void come(size_t seat);
  // What the product would tell a media worker of who has the seat; nothing at all once they are gone.
  bool is_gone(size_t seat) const;
  channel::Rights rights(size_t seat) const;
  std::vector<channel::RightKind> muted(size_t seat) const;

  // The host's acts; true if they were not refused.
  bool admit(size_t seat);
  bool return_to_waiting(size_t seat);
  bool remove(size_t seat);
  bool mute_audio(size_t seat);
  bool stop_video(size_t seat);
  bool hold(bool is_held);
  bool lock();
  bool put_into_group(size_t seat, uint64_t groups);
  // Everything of what the role's ceiling leaves to grant in this template, or nothing.
  bool grant_all(size_t seat);
  bool grant_nothing(size_t seat);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace eir
