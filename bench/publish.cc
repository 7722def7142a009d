#include "bench/publish.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "bench/api_client.h"
#include "bench/client_loop.h"
#include "bench/file_publisher.h"
#include "bench/ogg_opus.h"

namespace eir::bench {
namespace {

constexpr Duration kConnectDeadline = 10s;
constexpr Duration kTurn = 2ms;
// Opus, 20 ms of silence as libopus codes it: CELT, fullband, stereo.
constexpr std::array<uint8_t, 3> kOpusSilence = {0xf8, 0xff, 0xfe};

std::vector<uint8_t> read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::optional<MediaFiles> read_files(const PublishOptions& options) {
  if (options.ivf_file.empty()) return std::nullopt;
  MediaFiles files;
  files.ivf_bytes = read_bytes(options.ivf_file);
  auto video = IvfFile::parse(files.ivf_bytes);
  const bool is_usable = video && video->codec == "VP80" && std::ranges::any_of(video->frames, [](const IvfFrame& one) {
                           return is_vp8_key_frame(one.bytes);
                         });
  if (!is_usable) throw std::runtime_error(options.ivf_file + ": not an IVF file of VP8");
  files.video = std::move(*video);
  files.sound = {{kOpusSilence.begin(), kOpusSilence.end()}};
  if (!options.ogg_file.empty()) {
    auto sound = parse_ogg_opus(read_bytes(options.ogg_file));
    if (!sound) throw std::runtime_error(options.ogg_file + ": not an Ogg file of Opus");
    files.sound = std::move(*sound);
  }
  return files;
}

ClientOptions client_options(size_t number) {
  ClientOptions out;
  out.tag = static_cast<uint32_t>(number + 1);
  out.name = "bench-" + std::to_string(out.tag);
  out.audio.emplace_back();
  out.video.emplace_back();
  return out;
}

class Publishers {
 public:
  explicit Publishers(const PublishOptions& options)
      : options_(options),
        files_(read_files(options)),
        certificate_(DtlsCertificate::generate(std::time(nullptr))),
        dtls_(certificate_),
        loop_(dtls_),
        api_(parse_api_address(options.api)) {}

  void run() {
    const Timestamp end = now() + options_.duration;
    for (size_t i = 0; i < options_.publishers; ++i) join(i);
    std::fprintf(stderr, "%zu publishers are there\n", loop_.size());
    while (now() < end) run_until(std::min(end, now() + 1s));
    for (size_t i = 0; i < loop_.size(); ++i) {
      loop_.client(i).close(now());
      loop_.settle(i);
    }
  }

 private:
  void join(size_t number) {
    const size_t index = loop_.add(client_options(number));
    if (files_) from_files_.push_back(std::make_unique<FilePublisher>(loop_, index, *files_));
    sessions_.push_back(
        api_.join(options_.token, "Bench " + std::to_string(number + 1), loop_.client(index).write_offer()));
    const JoinProgress& progress = sessions_.back()->progress();
    while (!progress.is_over()) run_until(now() + kTurn);
    if (!progress.refusal.empty()) throw std::runtime_error(progress.refusal);
    if (!loop_.client(index).handle_answer(now(), progress.answer)) {
      throw std::runtime_error("the answer is not usable");
    }
    loop_.settle(index);
    const Timestamp end = now() + kConnectDeadline;
    while (!loop_.client(index).is_connected()) {
      if (now() > end) throw std::runtime_error("publisher " + std::to_string(number) + " does not connect");
      run_until(now() + kTurn);
    }
    constexpr size_t kFramesApart = 37;
    if (files_) from_files_.back()->start(now(), number * kFramesApart);
  }

  void run_until(Timestamp until) {
    for (Timestamp at = now(); at < until; at = now()) {
      Timestamp next = until;
      for (const auto& one : from_files_) {
        one->send_due(at);
        next = std::min(next, one->next_due());
      }
      loop_.run_until(next);
    }
    api_.poll();
  }

  PublishOptions options_;
  std::optional<MediaFiles> files_;
  DtlsCertificate certificate_;
  DtlsContext dtls_;
  ClientLoop loop_;
  ApiClient api_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<FilePublisher>> from_files_;
};

}  // namespace

void publish(const PublishOptions& options) { Publishers(options).run(); }

}  // namespace eir::bench
