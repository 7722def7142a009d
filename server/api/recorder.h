#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "server/api/problem.h"
#include "server/consultation/consultations.h"
#include "server/store/journal.h"

namespace eir {

// Takes what the domain did to the journal, in order. Nobody outside hears of an act before it is on disk: answers wait
// in settle(), events until durable() has reached them. Owned by Backend.
class Recorder {
 public:
  Recorder(Consultations& consultations, Journal& journal) : consultations_(consultations), journal_(journal) {}

  // Hands over everything since the last call, without waiting for it.
  void submit() {
    while (auto transition = consultations_.poll_transition()) journal_.submit(std::move(*transition));
  }
  // Returns when all that the domain has done so far is on disk. A problem means that the outcome is not known yet: the
  // change stands in memory and is written as soon as the disk takes it.
  boost::asio::awaitable<std::optional<Problem>> settle() {
    submit();
    const bool is_written = co_await journal_.durable(consultations_.last_transition());
    std::optional<Problem> problem;
    if (!is_written) problem = Problem{503, "journal_unavailable", "The change may have been made; ask again"};
    co_return problem;
  }
  uint64_t durable() const { return journal_.durable_number(); }
  // Changes are refused before they are made while nothing can be written.
  bool accepts() const { return journal_.accepts(); }

 private:
  Consultations& consultations_;
  Journal& journal_;
};

}  // namespace eir
