#include "bench/scenario.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace eir::bench {
namespace {

// From the answer to the end of DTLS.
constexpr Duration kConnectDeadline = 10s;
// All joins before the measurement; whoever is not in by then stays out.
constexpr Duration kJoinPhaseMax = 60s;
constexpr Duration kJoinTurn = 1ms;
constexpr Duration kQuietTurn = 200ms;
constexpr Duration kSampleInterval = 1s;

std::optional<LinkCondition> line_of(const NetworkSpec& network) {
  if (network.loss_percent == 0 && network.delay_ms == 0 && network.rate_kbit == 0) return std::nullopt;
  LinkCondition out;
  out.loss = network.loss_percent / 100;
  out.delay = std::chrono::milliseconds(network.delay_ms);
  out.queue = 300ms;  // as a home router's
  if (network.rate_kbit > 0) out.rate = DataRate::kbps(network.rate_kbit);
  return out;
}

VideoTrackOptions track_of(const VideoSpec& video) {
  VideoTrackOptions out;
  out.fps = video.frames_per_second;
  out.constant_size = true;
  out.key_frame_factor = video.key_frame_factor;
  out.key_frame_interval = std::chrono::seconds(video.key_frame_interval_s);
  out.packet_bytes = video.packet_bytes;
  out.group_packets = static_cast<uint16_t>(video.group_packets);
  out.group_interval = std::chrono::milliseconds(video.group_interval_ms);
  EncodingOptions& encoding = out.encodings.front();
  // One packet a frame is a thumbnail.
  encoding.width = video.packets_per_frame == 1 ? 320 : 1280;
  encoding.height = video.packets_per_frame == 1 ? 180 : 720;
  encoding.bitrate = DataRate::bps(int64_t{video.frames_per_second} * video.packets_per_frame * video.packet_bytes * 8);
  return out;
}

AudioTrackOptions track_of(const AudioSpec& audio) {
  AudioTrackOptions out;
  out.payload_bytes = audio.payload_bytes;
  out.talk = std::chrono::seconds(audio.talk_s);
  out.silence = std::chrono::seconds(audio.silence_s);
  out.dtx = audio.dtx;
  return out;
}

bool sends(const Seat& seat, const PeopleSpec& kind) {
  return seat.part != Part::kWatches && (!kind.video.empty() || !kind.audio.empty());
}

}  // namespace

Scenario::Scenario(Host& host, const ScenarioSpec& spec, SrtpProfile srtp_profile)
    : host_(host),
      spec_(spec),
      certificate_(DtlsCertificate::generate(std::time(nullptr))),
      dtls_(certificate_, std::array{srtp_profile}),
      loop_(dtls_, line_of(spec.network), spec.network.seed),
      random_(spec.network.seed),
      publishers_in_(spec.rooms) {}

Scenario::~Scenario() = default;

void Scenario::join() {
  const bool has_storm = std::ranges::any_of(spec_.people, [](const auto& kind) { return kind.storm_after_s > 0; });
  if (host_.is_one_way() && (has_storm || spec_.churn.per_minute > 0)) {
    throw std::runtime_error("storms and churn are not for " + host_.name());
  }
  host_.open_rooms(spec_.rooms);
  resident_before_ = resident_bytes_of(host_.processes());
  started_ = now();
  next_sample_ = started_ + kSampleInterval;
  const Duration apart = spec_.joins.per_second == 0 ? Duration{} : Duration(1s) / spec_.joins.per_second;
  for (size_t room = 0; room < spec_.rooms; ++room) plan_room(room, apart);
  phase_ = "joining";
  phase_end_ = started_ + apart * static_cast<int64_t>(waiting_.size()) + kJoinPhaseMax;
  run_until_all_are_in(phase_end_);
  std::fprintf(stderr, "\n%s: %zu clients joined, warming up\n", host_.name().c_str(), connected());
  phase_ = "warming up";
  phase_end_ = now() + std::chrono::seconds(spec_.warm_up_s);
  run_until(phase_end_);
  std::fprintf(stderr, "\n");
}

void Scenario::plan_room(size_t room, Duration apart) {
  // Where connections go one way, who watches comes after all who publish.
  std::vector<std::pair<Seat, const PeopleSpec*>> watchers;
  size_t number = 0;
  for (const PeopleSpec& kind : spec_.people) {
    const bool publishes = !kind.video.empty() || !kind.audio.empty();
    const bool watches = kind.slots.video + kind.slots.audio > 0;
    const bool is_storm = kind.storm_after_s > 0;
    for (size_t i = 0; i < kind.count; ++i, ++number) {
      if (is_storm || !host_.is_one_way()) {
        ++connections_wanted_;
        if (!is_storm) plan({room, number, Part::kBoth}, kind, apart);
        continue;
      }
      connections_wanted_ += (publishes ? 1 : 0) + (watches ? 1 : 0);
      if (publishes) plan({room, number, Part::kPublishes}, kind, apart);
      if (watches) watchers.emplace_back(Seat{room, number, Part::kWatches}, &kind);
    }
  }
  for (const auto& [seat, kind] : watchers) plan(seat, *kind, apart);
}

void Scenario::plan(const Seat& seat, const PeopleSpec& kind, Duration apart) {
  waiting_.push_back({seat, &kind, started_ + apart * static_cast<int64_t>(waiting_.size())});
}

void Scenario::run_until_all_are_in(Timestamp limit) {
  while ((!waiting_.empty() || !joining_.empty()) && now() < limit) turn(limit);
  if (!waiting_.empty()) refusals_["not begun, because the joins before took too long"] += waiting_.size();
  waiting_.clear();
}

void Scenario::run_until(Timestamp until) {
  while (now() < until) turn(until);
}

void Scenario::turn(Timestamp until) {
  begin_waiting();
  begin_storms();
  churn();
  const bool is_busy = !joining_.empty() || !waiting_.empty();
  const Timestamp at = now();
  loop_.run_until(
      std::min({until, next_sample_, next_churn_, at + (is_busy || !storms_.empty() ? kJoinTurn : kQuietTurn)}));
  host_.poll();
  advance_joins();
  if (now() >= next_sample_) take_sample();
}

void Scenario::begin_waiting() {
  while (!waiting_.empty() && waiting_.front().at <= now() && joining_.size() < spec_.joins.at_once) {
    const Waiting next = waiting_.front();
    waiting_.pop_front();
    begin_join(next.seat, *next.kind, false);
  }
}

void Scenario::begin_join(const Seat& seat, const PeopleSpec& kind, bool is_late) {
  const bool is_first_receiver =
      seat.part != Part::kPublishes && std::ranges::none_of(people_, [](const auto& one) {
        return one->seat.part != Part::kPublishes && one->kind->slots.video + one->kind->slots.audio > 0;
      });
  auto person = std::make_unique<Person>();
  person->seat = seat;
  person->kind = &kind;
  person->is_late = is_late;
  person->meets_media = publishers_in_[seat.room] > 0;
  // Only who decrypts everything knows which picture can be shown first.
  person->client = loop_.add(client_options(seat, kind, is_first_receiver || is_late));
  try {
    const bool is_offered_to = host_.makes_offer_to(seat.part);
    person->session = host_.join(seat, is_offered_to ? std::string{} : loop_.client(person->client).write_offer());
    loop_.times(person->client).offered = person->session->progress().begun;
    joining_.push_back(person.get());
  } catch (const std::exception& error) {
    fail(*person, error.what());
  }
  people_.push_back(std::move(person));
}

ClientOptions Scenario::client_options(const Seat& seat, const PeopleSpec& kind, bool checks_all) const {
  ClientOptions out;
  // Servers with one-way connections answer actpass as they like; this client is the DTLS client always.
  out.offers_dtls_active = host_.is_one_way();
  out.tag = static_cast<uint32_t>(loop_.size() + 1);
  out.name = "bench-" + std::to_string(out.tag);
  out.decrypt_one_in = checks_all ? 1 : spec_.check_one_in;
  if (seat.part != Part::kWatches) {
    for (const VideoSpec& video : kind.video) out.video.push_back(track_of(video));
    for (const AudioSpec& audio : kind.audio) out.audio.push_back(track_of(audio));
  }
  if (seat.part != Part::kPublishes && !host_.makes_offer_to(seat.part)) {
    out.video_slots = kind.slots.video;
    out.audio_slots = kind.slots.audio;
  }
  return out;
}

void Scenario::advance_joins() {
  // In the order in which they began, and also those whose answer came while another's was handled.
  for (Person* const person : joining_) advance(*person);
  std::erase_if(joining_, [](const Person* person) {
    return person->state != State::kJoining && person->state != State::kConnecting;
  });
}

void Scenario::advance(Person& person) {
  Client& client = loop_.client(person.client);
  if (person.state == State::kJoining) return take_description(person);
  const std::string& closed = loop_.closed_reason(person.client);
  if (!closed.empty()) return fail(person, "the connection ended: " + closed);
  if (client.is_connected()) {
    person.state = State::kIn;
    if (sends(person.seat, *person.kind)) ++publishers_in_[person.seat.room];
  } else if (now() > person.deadline) {
    fail(person, "no connection within 10 s of the answer");
  }
}

// The server's answer, or its offer.
void Scenario::take_description(Person& person) {
  Client& client = loop_.client(person.client);
  const JoinProgress& progress = person.session->progress();
  if (!progress.is_over()) return;
  if (!progress.refusal.empty()) return fail(person, progress.refusal);
  if (!progress.offer.empty()) {
    const auto answer = client.handle_offer(now(), progress.offer);
    if (!answer) return fail(person, "the server's offer is not usable");
    try {
      person.session->give_answer(*answer);
    } catch (const std::exception& error) {
      return fail(person, error.what());
    }
  } else if (!client.handle_answer(now(), progress.answer)) {
    return fail(person, "the answer is not usable");
  }
  JoinTimes& times = loop_.times(person.client);
  times.entered = progress.entered;
  times.welcomed = progress.welcomed;
  times.answered = progress.answered;
  loop_.settle(person.client);
  person.state = State::kConnecting;
  person.deadline = now() + kConnectDeadline;
}

void Scenario::fail(Person& person, const std::string& reason) {
  ++refusals_[reason];
  person.state = State::kFailed;
  loop_.remove(person.client);
  person.session.reset();
}

void Scenario::begin_storms() {
  const auto is_due = [this](const PeopleSpec* kind) {
    return now() >= measured_from_ + std::chrono::seconds(kind->storm_after_s);
  };
  for (const PeopleSpec* const kind : storms_) {
    if (!is_due(kind)) continue;
    for (size_t i = 0; i < kind->count; ++i) {
      for (size_t room = 0; room < spec_.rooms; ++room)
        begin_join({room, spec_.people_per_room() + people_.size(), Part::kBoth}, *kind, true);
    }
  }
  std::erase_if(storms_, is_due);
}

void Scenario::churn() {
  if (now() < next_churn_) return;
  next_churn_ += Duration(60s) / spec_.churn.per_minute;
  std::vector<Person*> present;
  for (const auto& person : people_) {
    if (person->state == State::kIn) present.push_back(person.get());
  }
  if (present.empty()) return;
  Person& who = *present[random_.below(present.size())];
  leave(who);
  begin_join({who.seat.room, spec_.people_per_room() + people_.size(), Part::kBoth}, *who.kind, true);
}

void Scenario::leave(Person& person) {
  person.state = State::kLeft;
  if (sends(person.seat, *person.kind)) --publishers_in_[person.seat.room];
  loop_.remove(person.client);
  person.session.reset();
}

void Scenario::take_sample() {
  const Totals all = totals();
  const Timestamp at = now();
  const double seconds = to_seconds(at - next_sample_ + kSampleInterval);
  Sample sample;
  sample.at_s = to_seconds(at - started_);
  sample.connected = connected();
  sample.packets_per_second = static_cast<double>(all.received - last_.received) / seconds;
  sample.missing = all.missing - std::min(all.missing, last_.missing);
  samples_.push_back(sample);
  last_ = all;
  next_sample_ = at + kSampleInterval;
  std::fprintf(stderr, "%s: %s, %zu of %zu in, %.0f packets/s received, %llu missing so far, %.0f s left    \r",
               host_.name().c_str(), phase_.c_str(), sample.connected, connections_wanted_, sample.packets_per_second,
               static_cast<unsigned long long>(all.missing), std::max(0.0, to_seconds(phase_end_ - at)));
}

size_t Scenario::connected() const {
  return static_cast<size_t>(
      std::ranges::count_if(people_, [](const auto& person) { return person->state == State::kIn; }));
}

}  // namespace eir::bench
