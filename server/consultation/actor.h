#pragma once

#include <string>
#include <string_view>

#include "server/consultation/public_id.h"

namespace eir {

// Who does something, for the audit: a service by its credential's id, a participant, or Eir itself (a timeout, a lost
// connection). Never a name.
class Actor {
 public:
  static Actor system() { return Actor("system"); }
  static Actor service(std::string_view credential) { return Actor("credential:" + std::string(credential)); }
  static Actor participant(ParticipantKey key) { return Actor("participant:" + key.to_string()); }

  const std::string& text() const { return text_; }

 private:
  explicit Actor(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace eir
