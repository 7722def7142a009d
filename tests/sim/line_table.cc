// Prints what the router makes of each line of tests/support/line_rows.h: median and worst beside what is asked, and
// plots one run of each. README.md of this folder has the commands.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/sim/line_plots.h"
#include "tests/support/line_rows.h"

namespace {

using namespace eir;

struct Arguments {
  std::string row;  // part of its name
  std::string plots;
  uint64_t seeds = 3;
  uint64_t first_seed = 1;
  long round_trip_ms = 0;  // 0: all
};

bool read(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--row")
      arguments.row = value;
    else if (name == "--plots")
      arguments.plots = value;
    else if (name == "--seeds")
      arguments.seeds = std::max<uint64_t>(std::strtoull(value.c_str(), nullptr, 10), 1);
    else if (name == "--first-seed")
      arguments.first_seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--rtt")
      arguments.round_trip_ms = std::strtol(value.c_str(), nullptr, 10);
    else
      return false;
  }
  return argc % 2 == 1;
}

std::string number(double value) {
  char buffer[32];
  if (value < 0) return "never";
  std::snprintf(buffer, sizeof buffer, value >= 10 ? "%.0f" : value >= 0.1 || value == 0 ? "%.2f" : "%.4f", value);
  return buffer;
}

// Of one figure over all seeds.
struct Spread {
  Judged median;
  Judged worst;
};
Spread spread(const std::vector<LineResult>& runs, size_t figure) {
  std::vector<Judged> values;
  values.reserve(runs.size());
  for (const LineResult& run : runs) values.push_back(run.figures[figure]);
  const auto badness = [](const Judged& each) {
    if (!each.larger_is_worse) return -each.value;
    return each.value < 0 ? 1e18 : each.value;
  };
  std::sort(values.begin(), values.end(), [&](const auto& a, const auto& b) { return badness(a) < badness(b); });
  return {.median = values[values.size() / 2], .worst = values.back()};
}

std::string title_of(const LineRow& row, const LineCase& which) {
  return std::string(row.name) + (which.source == LineSource::kDeaf ? " deaf" : "") + " rtt " +
         std::to_string(to_ms(which.round_trip)) + " ms";
}

// True if every seed came to what is asked.
bool print_case(const LineRow& row, LineCase which, const Arguments& arguments, std::vector<LinePlot>& plots) {
  std::vector<LineResult> runs;
  for (uint64_t i = 0; i < arguments.seeds; ++i) {
    which.seed = arguments.first_seed + i;
    runs.push_back(row.run(row, which));
    if (i > 0) runs.back().traces.clear();
  }
  bool is_good = true;
  std::string text;
  for (size_t i = 0; i < runs.front().figures.size(); ++i) {
    const auto [median, worst] = spread(runs, i);
    is_good &= worst.is_met();
    const char* const mark = worst.is_met() ? "" : " !";
    const std::string limit = !worst.is_asked() ? "" : (worst.larger_is_worse ? " ≤" : " ≥") + number(worst.limit);
    text +=
        std::string("  ") + worst.what + " " + number(median.value) + "/" + number(worst.value) + limit + mark + ";";
  }
  const std::string title = title_of(row, which);
  std::printf("%-34s %-5s%s\n", title.c_str(), is_good ? "PASS" : "short", text.c_str());
  std::fflush(stdout);
  if (arguments.plots.empty()) return is_good;
  std::string name = title;
  std::replace(name.begin(), name.end(), ' ', '_');
  plots.push_back({.name = name,
                   .title = title,
                   .asked = std::string(row.asked),
                   .shortfalls = shortfalls(runs.front().figures),
                   .traces = std::move(runs.front().traces)});
  return is_good;
}

bool write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return file.good();
}

std::string csv_of(const std::vector<BandwidthSample>& samples) {
  std::string text =
      "time_s,link_kbps,estimate_kbps,sent_kbps,received_kbps,granted_kbps,queue_ms,estimated_queue_ms,height,"
      "frames_per_second,limited,decreases\n";
  for (const BandwidthSample& s : samples) {
    char line[256];
    std::snprintf(line, sizeof line, "%.1f,%.0f,%.0f,%.0f,%.0f,%.0f,%.1f,%.1f,%d,%.0f,%d,%d\n", to_seconds(s.at),
                  s.link_kbps, s.target_kbps, s.sent_kbps, s.received_kbps, s.layer_kbps, s.queue_ms,
                  s.estimated_queue_ms, s.height, s.frames_per_second, s.is_limited ? 1 : 0,
                  static_cast<int>(s.decreases));
    text += line;
  }
  return text;
}

bool write_plots(const std::string& folder, const std::vector<LinePlot>& plots) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  bool is_written = write(std::filesystem::path(folder) / "index.html", contact_sheet(plots));
  for (const LinePlot& plot : plots) {
    is_written &= write(std::filesystem::path(folder) / (plot.name + ".svg"), line_plot(plot));
    for (size_t i = 0; i < plot.traces.size(); ++i) {
      const std::string file = plot.name + (i == 0 ? "" : "_" + std::to_string(i + 1)) + ".csv";
      is_written &= write(std::filesystem::path(folder) / file, csv_of(plot.traces[i].samples));
    }
  }
  return is_written;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!read(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: line_table [--row PART-OF-NAME] [--rtt MS] [--seeds N] [--first-seed N] [--plots FOLDER]\n");
    return 2;
  }
  std::printf("median/worst of %d seeds, and what is asked; ! is short of it\n", static_cast<int>(arguments.seeds));
  std::vector<LinePlot> plots;
  int cases = 0;
  int good = 0;
  for (const LineRow& row : line_rows()) {
    if (row.name.find(arguments.row) == std::string::npos) continue;
    for (const LineSource source : {LineSource::kBrowser, LineSource::kDeaf}) {
      if (source == LineSource::kDeaf && !row.has_deaf_source) continue;
      for (const Duration round_trip : kBandwidthRoundTrips) {
        if (arguments.round_trip_ms != 0 && to_ms(round_trip) != arguments.round_trip_ms) continue;
        ++cases;
        good += print_case(row, {.round_trip = round_trip, .source = source}, arguments, plots) ? 1 : 0;
      }
    }
  }
  std::printf("%d of %d as asked\n", good, cases);
  if (!arguments.plots.empty() && !write_plots(arguments.plots, plots)) {
    std::fprintf(stderr, "cannot write to %s\n", arguments.plots.c_str());
    return 1;
  }
  return good == cases ? 0 : 1;
}
