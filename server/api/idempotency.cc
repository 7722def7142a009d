#include "server/api/idempotency.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "server/consultation/token.h"
#include "server/consultation/wall_time.h"

namespace eir {

namespace asio = boost::asio;

namespace {

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= Idempotency::kKeyMax &&
         std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
}

// A line end is in neither method nor path, so no two requests have one text.
std::string fingerprint_of(const HttpRequest& request) {
  return to_hex(hash_token(request.method + '\n' + request.path + '\n' + request.body));
}

std::string to_text(const HttpAnswer& answer, std::string_view fingerprint) {
  boost::json::array headers;
  for (const auto& [name, value] : answer.headers) headers.emplace_back(boost::json::array{name, value});
  return boost::json::serialize(boost::json::object{{"request", fingerprint},
                                                    {"status", answer.status},
                                                    {"type", answer.content_type},
                                                    {"headers", std::move(headers)},
                                                    {"body", answer.body}});
}

std::string text_of(const boost::json::value& value) { return std::string(value.as_string()); }

// Throws what Boost.JSON throws if it is not of to_text(): nobody else can have sealed it.
HttpAnswer from_text(const boost::json::value& text) {
  HttpAnswer answer;
  answer.status = text.at("status").to_number<uint16_t>();
  answer.content_type = text_of(text.at("type"));
  answer.body = text_of(text.at("body"));
  for (const boost::json::value& header : text.at("headers").as_array()) {
    answer.headers.emplace_back(text_of(header.at(0)), text_of(header.at(1)));
  }
  return answer;
}

// What is given again rather than tried again.
bool is_kept(const HttpAnswer& answer) { return answer.status < 500 && answer.status != 400; }

}  // namespace

Idempotency::Turn::Turn(Idempotency& owner, const HttpRequest& request)
    : owner_(owner), seal_(request.bearer, request.idempotency_key), fingerprint_(fingerprint_of(request)) {}

std::optional<Problem> Idempotency::begin(Turn& turn, const HttpRequest& request, const std::string& caller) {
  if (!is_key(request.idempotency_key)) return Problem{400, "invalid_value", "Idempotency-Key"};
  forget_durable();
  if (busy_.contains(turn.seal_.name())) {
    ++counters_.in_progress;
    return Problem{409, "idempotency_in_progress", "The first request with this key is not answered yet"};
  }
  if (busy_.size() >= kBusyMax) return Problem{503, "unavailable", "too many requests with a key at once"};
  const Timestamp now = clock_.now().steady;
  if (answers_.is_empty(caller, now)) return Problem{429, "rate_limited", "too many requests with a key"};
  answers_.charge(caller, now);
  busy_.emplace(turn.seal_.name(), 0);
  turn.is_mine_ = true;
  return std::nullopt;
}

asio::awaitable<std::optional<HttpAnswer>> Idempotency::find(const Turn& turn) {
  const auto row = co_await journal_.read<std::optional<AnswerRow>>(
      [&](Store& store) { return store.find_answer(turn.seal_.name()); });
  if (!row) co_return std::nullopt;
  const auto text = turn.seal_.open(row->sealed);
  // Changed on disk: whether the change was made is not known, so it must not be made again.
  if (!text) co_return answer_problem({503, "journal_unavailable", "The earlier answer cannot be read"});
  const boost::json::value kept = boost::json::parse(*text);
  if (text_of(kept.at("request")) != turn.fingerprint_) {
    ++counters_.reused;
    co_return answer_problem({422, "idempotency_key_reused", "The key belongs to another request"});
  }
  ++counters_.replayed;
  co_return from_text(kept);
}

void Idempotency::keep(Turn& turn, const HttpAnswer& answer, uint64_t before) {
  if (!is_kept(answer)) return;
  const std::string sealed = turn.seal_.seal(to_text(answer, turn.fingerprint_), random_);
  consultations_.attach_answer({turn.seal_.name(), to_ms(clock_.now().wall), sealed}, before);
  turn.transition_ = consultations_.last_transition();
  busy_[turn.seal_.name()] = turn.transition_;
}

void Idempotency::end(const Turn& turn) {
  // What is not on disk yet would not be found: it stays busy until then.
  if (turn.is_mine_ && turn.transition_ <= journal_.durable_number()) busy_.erase(turn.seal_.name());
}

void Idempotency::forget_durable() {
  const uint64_t durable = journal_.durable_number();
  std::erase_if(busy_, [&](const auto& entry) { return entry.second != 0 && entry.second <= durable; });
}

}  // namespace eir
