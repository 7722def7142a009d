#include "server/telemetry/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <map>

#include "server/telemetry/process_stats.h"

namespace eir {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

}  // namespace

struct MetricsPage::Families {
  std::vector<MetricFamily> list;
  std::map<std::string, size_t, std::less<>> by_name;

  // `name` is whole, with its prefix. A name that came with another type keeps its first one.
  ClientMetric& add(std::string name, std::string_view help, MetricType type, const MetricLabels& labels) {
    const auto [at, is_new] = by_name.try_emplace(name, list.size());
    if (is_new) list.push_back({std::move(name), std::string(help), type, {}});
    ClientMetric& metric = list[at->second].metric.emplace_back();
    for (const MetricLabel& label : labels) metric.label.push_back({label.name, label.value});
    return metric;
  }
};

MetricsPage::MetricsPage() : families_(std::make_unique<Families>()) {}
MetricsPage::~MetricsPage() = default;

void MetricsPage::counter(std::string_view name, std::string_view help, double value, const MetricLabels& labels) {
  families_->add("eir_" + std::string(name), help, MetricType::Counter, labels).counter.value = value;
}

void MetricsPage::gauge(std::string_view name, std::string_view help, double value, const MetricLabels& labels) {
  families_->add("eir_" + std::string(name), help, MetricType::Gauge, labels).gauge.value = value;
}

void MetricsPage::histogram(std::string_view name, std::string_view help, const HistogramSnapshot& value,
                            const MetricLabels& labels) {
  auto& out = families_->add("eir_" + std::string(name), help, MetricType::Histogram, labels).histogram;
  out.sample_count = value.count;
  out.sample_sum = value.sum;
  for (size_t i = 0; i < value.bounds.size() && i < value.counts.size(); ++i) {
    out.bucket.push_back({value.counts[i], value.bounds[i]});
  }
}

void MetricsPage::add(std::string_view name, std::string_view help, double value, const MetricLabels& labels) {
  if (name.ends_with("_total")) {
    counter(name, help, value, labels);
  } else {
    gauge(name, help, value, labels);
  }
}

void MetricsPage::process() {
  const ProcessStats stats = read_process_stats();
  const auto add_gauge = [&](const char* name, const char* help, double value) {
    families_->add(name, help, MetricType::Gauge, {}).gauge.value = value;
  };
  families_->add("process_cpu_seconds_total", "CPU time of this process.", MetricType::Counter, {}).counter.value =
      stats.cpu_seconds;
  add_gauge("process_resident_memory_bytes", "Memory in RAM.", static_cast<double>(stats.resident_bytes));
  add_gauge("process_virtual_memory_bytes", "Address space.", static_cast<double>(stats.virtual_bytes));
  add_gauge("process_open_fds", "Open descriptors.", static_cast<double>(stats.open_descriptors));
  add_gauge("process_max_fds", "Limit of open descriptors.", static_cast<double>(stats.descriptors_max));
  add_gauge("process_start_time_seconds", "Start, in seconds since the epoch.", stats.start_seconds);
}

std::string MetricsPage::text() const { return prometheus::TextSerializer().Serialize(families_->list); }

}  // namespace eir
