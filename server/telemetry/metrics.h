#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eir {

struct MetricLabel {
  std::string name;
  std::string value;  // never a room, a person or an address: "worker", "listener", "code"
};
using MetricLabels = std::vector<MetricLabel>;

// Cumulative: counts[i] observations were at most bounds[i]; `count` is all of them.
struct HistogramSnapshot {
  std::vector<double> bounds;
  std::vector<uint64_t> counts;
  uint64_t count = 0;
  double sum = 0;
};

// One page of the Prometheus text format 0.0.4, built afresh for each scrape from plain snapshots of counters. Values
// of one name may be added at different times; `help` counts where the name comes first. Names get the prefix "eir_".
class MetricsPage {
 public:
  MetricsPage();
  ~MetricsPage();
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  void counter(std::string_view name, std::string_view help, double value, const MetricLabels& labels = {});
  void gauge(std::string_view name, std::string_view help, double value, const MetricLabels& labels = {});
  void histogram(std::string_view name, std::string_view help, const HistogramSnapshot& value,
                 const MetricLabels& labels = {});
  // A counter if the name ends in _total, else a gauge: how workers' snapshots arrive.
  void add(std::string_view name, std::string_view help, double value, const MetricLabels& labels = {});
  // This process: CPU seconds, resident bytes, open descriptors and their limit, start time, under Prometheus' usual
  // names process_*.
  void process();

  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace eir
