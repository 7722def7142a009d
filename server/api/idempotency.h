#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "server/api/answer_seal.h"
#include "server/api/clock.h"
#include "server/api/http_message.h"
#include "server/api/rate_limit.h"
#include "server/consultation/consultations.h"
#include "server/store/journal.h"

namespace eir {

struct IdempotencyCounters {
  uint64_t replayed = 0;     // answers that were given again
  uint64_t reused = 0;       // another request came under a known key
  uint64_t in_progress = 0;  // the same key came again before the first request was on disk
};

// The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a change that is asked for again under the
// same key, by the same bearer secret, is not made again; the first answer is given again, also by the next process.
// The answer is kept in the very transition of the change (Consultations::attach_answer), sealed, so that either both
// are on disk or none. Answers that say that nothing was understood (400) or could be done (5xx) are not kept. Owned by
// RestApi.
class Idempotency {
 public:
  // The draft leaves the key's form to the server: this many visible ASCII characters, taken as they are.
  static constexpr size_t kKeyMax = 255;
  // Requests with a key that are under way at once; above it they are answered 503.
  static constexpr size_t kBusyMax = 1000;
  // Answers that one caller may have kept.
  static constexpr uint32_t kAnswersPerMinute = 600;

  Idempotency(Consultations& consultations, Journal& journal, Random& random, const Clock& clock)
      : consultations_(consultations), journal_(journal), random_(random), clock_(clock) {}

  // A request with a key while it is worked on. A second one of the same key is told so until this ends and what it
  // changed is on disk.
  class Turn {
   public:
    Turn(Idempotency& owner, const HttpRequest& request);
    ~Turn() { owner_.end(*this); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    friend class Idempotency;
    Idempotency& owner_;
    AnswerSeal seal_;
    std::string fingerprint_;  // SHA-256 in hex of method, path and body
    bool is_mine_ = false;     // in busy_
    uint64_t transition_ = 0;  // that holds the answer; 0: none yet
  };

  // Why the request cannot have its turn, or nothing. `caller` is whose answers are counted.
  std::optional<Problem> begin(Turn& turn, const HttpRequest& request, const std::string& caller);
  // The answer of before, or 422 if it was another request's; nothing if the key is new. Throws StoreError.
  boost::asio::awaitable<std::optional<HttpAnswer>> find(const Turn& turn);
  // What the domain did since `before` and this answer get on disk together.
  void keep(Turn& turn, const HttpAnswer& answer, uint64_t before);

  const IdempotencyCounters& counters() const { return counters_; }

 private:
  void end(const Turn& turn);
  void forget_durable();

  Consultations& consultations_;
  Journal& journal_;
  Random& random_;
  const Clock& clock_;
  // By the name of the answer's row: the transition that holds it, 0 while there is none.
  std::map<std::string, uint64_t> busy_;
  SourceLimit answers_{kAnswersPerMinute};
  IdempotencyCounters counters_;
};

}  // namespace eir
