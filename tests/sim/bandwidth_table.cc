// Prints what bandwidth estimation comes to on each line of tests/support/bandwidth_links.h: median and worst of 20
// seeds, or writes one run as CSV for a plot. README.md of this folder has the commands.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/bandwidth_figures.h"

namespace {

using namespace eir;

struct Arguments {
  std::string line;  // part of its name
  std::string csv;
  uint64_t seeds = 20;
  uint64_t seed = 1;
  long round_trip_ms = 0;  // 0: all
  BandwidthSource source = BandwidthSource::kOneLayer;
};

struct Column {
  const char* name;
  double BandwidthFigures::*value;
  bool larger_is_worse;
};
constexpr Column kColumns[] = {
    {"reached_s", &BandwidthFigures::reached_s, true},     {"mean_est", &BandwidthFigures::mean_estimate, false},
    {"good", &BandwidthFigures::good_share, false},        {"highest", &BandwidthFigures::highest, true},
    {"standing", &BandwidthFigures::standing_queue, true}, {"q_p95", &BandwidthFigures::queue_p95, true},
    {"padding", &BandwidthFigures::padding, true},         {"aud_loss", &BandwidthFigures::audio_loss, true},
    {"aud_qdrop", &BandwidthFigures::audio_dropped, true}, {"received", &BandwidthFigures::mean_received, false},
    {"decr", &BandwidthFigures::decreases, true},          {"below_s", &BandwidthFigures::below_after_s, true},
    {"q150_s", &BandwidthFigures::queue_after_s, true},    {"back_s", &BandwidthFigures::back_after_s, true},
};

void print_row(const BandwidthLine& line, Duration round_trip, const Arguments& arguments) {
  std::vector<BandwidthFigures> runs;
  runs.reserve(arguments.seeds);
  std::string failed;
  for (uint64_t seed = 1; seed <= arguments.seeds; ++seed) {
    BandwidthSim::Options options{.line = line, .round_trip = round_trip, .seed = seed};
    options.flows[0].source = arguments.source;
    runs.push_back(run_and_measure(options, 60s));
    const std::string behind = shortfalls(line, runs.back());
    if (!behind.empty()) failed += "  seed " + std::to_string(seed) + ": " + behind + "\n";
  }
  std::printf("%-17s %4ld", std::string(line.name).c_str(), static_cast<long>(to_ms(round_trip)));
  for (const Column& column : kColumns) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const BandwidthFigures& run : runs) {
      const double value = run.*column.value;
      values.push_back(column.larger_is_worse && value < 0 ? 1e9 : value);  // never
    }
    std::sort(values.begin(), values.end());
    const double worst = column.larger_is_worse ? values.back() : values.front();
    const double median = values[values.size() / 2];
    const auto text = [](double value) {
      char buffer[32];
      if (value >= 1e9) return std::string("-");
      std::snprintf(buffer, sizeof buffer, value >= 10 ? "%.0f" : "%.2f", value);
      return std::string(buffer);
    };
    std::printf(" %10s", (text(median) + "/" + text(worst)).c_str());
  }
  std::printf("%s\n%s", failed.empty() ? "  ok" : "", failed.c_str());
  std::fflush(stdout);
}

using ShareRun = BandwidthShares (*)(Duration, BandwidthSource, uint64_t);

void print_shares(const char* name, ShareRun run, const Arguments& arguments) {
  for (const Duration round_trip : kBandwidthRoundTrips) {
    if (arguments.round_trip_ms != 0 && to_ms(round_trip) != arguments.round_trip_ms) continue;
    std::vector<BandwidthShares> runs;
    runs.reserve(arguments.seeds);
    for (uint64_t seed = 1; seed <= arguments.seeds; ++seed) runs.push_back(run(round_trip, arguments.source, seed));
    std::printf("%-17s %4ld", name, static_cast<long>(to_ms(round_trip)));
    const auto print = [&](const char* what, double BandwidthShares::*value) {
      std::vector<double> values;
      values.reserve(runs.size());
      for (const BandwidthShares& each : runs) values.push_back(each.*value);
      std::sort(values.begin(), values.end());
      std::printf("  %s %.2f/%.2f/%.2f", what, values.front(), values[values.size() / 2], values.back());
    };
    print("first", &BandwidthShares::first);
    print("second", &BandwidthShares::second);
    print("estimates", &BandwidthShares::first_estimate);
    print("and", &BandwidthShares::second_estimate);
    print("audio_loss", &BandwidthShares::audio_loss);
    print("standing_ms", &BandwidthShares::standing_queue);
    std::printf("   (lowest/median/highest)\n");
    std::fflush(stdout);
  }
}

int write_csv(const BandwidthLine& line, const Arguments& arguments) {
  BandwidthSim::Options options{
      .line = line,
      .round_trip = std::chrono::milliseconds(arguments.round_trip_ms > 0 ? arguments.round_trip_ms : 50),
      .seed = arguments.seed};
  options.flows[0].source = arguments.source;
  BandwidthSim sim(options);
  sim.run_until(60s);
  std::FILE* file = arguments.csv == "-" ? stdout : std::fopen(arguments.csv.c_str(), "w");
  if (file == nullptr) return 1;
  std::fprintf(file,
               "time_s,link_kbps,target_kbps,sent_kbps,received_kbps,queue_ms,estimated_queue_ms,layer_kbps,"
               "limited,decreases\n");
  for (const BandwidthSample& s : sim.samples()) {
    std::fprintf(file, "%.1f,%.0f,%.0f,%.0f,%.0f,%.1f,%.1f,%.0f,%d,%d\n", to_seconds(s.at), s.link_kbps, s.target_kbps,
                 s.sent_kbps, s.received_kbps, s.queue_ms, s.estimated_queue_ms, s.layer_kbps, s.is_limited ? 1 : 0,
                 static_cast<int>(s.decreases));
  }
  if (file != stdout) std::fclose(file);
  return 0;
}

bool read(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--line")
      arguments.line = value;
    else if (name == "--csv")
      arguments.csv = value;
    else if (name == "--seeds")
      arguments.seeds = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--seed")
      arguments.seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--rtt")
      arguments.round_trip_ms = std::strtol(value.c_str(), nullptr, 10);
    else if (name == "--source")
      arguments.source = value == "encoder" ? BandwidthSource::kEncoder
                         : value == "sums"  ? BandwidthSource::kSums
                                            : BandwidthSource::kOneLayer;
    else
      return false;
  }
  return argc % 2 == 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!read(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: bandwidth_table [--line NAME] [--rtt MS] [--seeds N] [--source one|sums|encoder] "
                 "[--csv FILE --seed N]\n");
    return 2;
  }
  if (arguments.csv.empty()) {
    std::printf("%-17s %4s", "line", "rtt");
    for (const Column& column : kColumns) std::printf(" %10s", column.name);
    std::printf("   (median/worst of %d)\n", static_cast<int>(arguments.seeds));
  }
  for (const BandwidthLine& line : kBandwidthLines) {
    if (std::string(line.name).find(arguments.line) == std::string::npos) continue;
    if (!arguments.csv.empty()) return write_csv(line, arguments);
    for (const Duration round_trip : kBandwidthRoundTrips) {
      if (arguments.round_trip_ms == 0 || to_ms(round_trip) == arguments.round_trip_ms) {
        print_row(line, round_trip, arguments);
      }
    }
  }
  if (std::string("two_receivers").find(arguments.line) != std::string::npos) {
    print_shares("two_receivers", run_two_receivers, arguments);
  }
  if (std::string("beside_reno").find(arguments.line) != std::string::npos) {
    print_shares("beside_reno", run_beside_reno, arguments);
  }
  return 0;
}
