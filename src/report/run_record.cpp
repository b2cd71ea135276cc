#include "report/run_record.h"

#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "core/file.h"
#include "metrics/compute.h"
#include "metrics/report.h"
#include "store/event_lines.h"

namespace bernoulli::report {
namespace {

namespace fs = std::filesystem;

Json read_if_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) ? read_json(path) : Json(nullptr);
}

void read_events(const fs::path& path, RunRecord& record) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  int64_t without_epoch = 0;
  const int64_t others = for_each_event(read_file(path), [&](Json event, std::string_view /*line*/) {
    if (const auto epoch = event.find("epoch"); epoch == event.end() || !epoch->is_number()) {
      ++without_epoch;
      return;
    }
    event.erase("epoch_seconds");  // no page shows them, and earlier versions wrote all of them in each line
    record.events.push_back(std::move(event));
  });
  record.unreadable_events = others + without_epoch;
}

const char* key_of(Clock clock) { return clock == Clock::kEpoch ? "epoch" : "step"; }

}  // namespace

std::vector<std::string> RunRecord::label_names() const {
  return data.is_null() ? config.task.labels : data.at("labels").at("names").get<std::vector<std::string>>();
}

RunRecord read_run_record(const RunPaths& paths, const RunConfig& config) {
  RunRecord record;
  record.name = fs::weakly_canonical(paths.folder).filename().string();
  record.config = config;
  record.environment = read_if_there(paths.environment());
  record.data = read_if_there(paths.data());
  read_events(paths.metrics(), record);
  return record;
}

Json read_summary(const RunPaths& paths) { return read_if_there(paths.summary()); }

Json figures_of(const RunRecord& record, const std::optional<ScoredSplit>& answers) {
  Json figures = Json::object();
  for (const char* split : {"validation", "test"}) {
    if (record.finished() && record.summary.contains(split)) figures[split] = record.summary[split];
  }
  if (!answers || figures.contains(answers->name)) return figures;
  MetricReport report = compute_metrics(answers->predictions, answers->rule, record.config.metrics,
                                        record.label_names(), record.config.task.kind, 0);
  std::erase_if(report.metrics, [](const auto& metric) { return metric.first == "loss"; });
  figures[answers->name] = to_json(report);
  return figures;
}

std::string RunReport::judged_on() const {
  return figures.contains("test") ? "test" : figures.contains("validation") ? "validation" : "";
}

std::string RunReport::headline_metric() const {
  const std::string split = judged_on();
  return split.empty() ? "accuracy" : bernoulli::headline_metric(figures.at(split));
}

Fingerprints fingerprints_of(const RunRecord& record, const std::string& split) {
  if (!record.data.is_object() || !record.data.contains(split)) return {};
  const Json& audit = record.data[split];
  const std::string all = audit.value("fingerprint", "");
  return {all, audit.value("unweighted_fingerprint", all)};
}

Fingerprints RunReport::fingerprints() const {
  return answers ? fingerprints_of(record, answers->name) : Fingerprints{};
}

Clock clock_of(const RunRecord& record) {
  std::set<std::pair<std::string, double>> seen;
  for (const Json& event : record.events) {
    const std::string kind = event["event"];
    if (kind != "train" && kind != "validation") continue;
    if (!seen.emplace(kind, event["epoch"].get<double>()).second) return Clock::kStep;
  }
  return Clock::kEpoch;
}

Series series_of(const RunRecord& record, const std::string& event, const std::string& value, Clock clock) {
  Series series;
  for (const Json& line : record.events) {
    if (line["event"] != event) continue;
    const auto found = line.find(value);
    if (found != line.end() && found->is_number())
      series.emplace_back(line[key_of(clock)].get<double>(), found->get<double>());
  }
  return series;
}

std::optional<double> best_place(const RunRecord& record, Clock clock) {
  std::optional<double> place;
  for (const Json& line : record.events) {
    if (line["event"] == "checkpoint" && line.value("best", Json()) == true)
      place = line[key_of(clock)].get<double>();
  }
  return place;
}

}  // namespace bernoulli::report
