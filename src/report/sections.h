#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "report/run_record.h"

/// The parts of the page of a run, in its order. Each is HTML, empty where the run has nothing of the kind.
/// They throw nlohmann::json::exception where a file of the run does not hold what it should.
namespace bernoulli::report {

std::string headline(const RunReport& run);
/// What a run is, in a few lines: task, data, model, loss, training, engine, checkpoint, temperature,
/// threshold. Names are plain, values HTML.
std::vector<std::pair<std::string, std::string>> facts(const RunRecord& record);
std::string training_section(const RunReport& run);
std::string answers_section(const RunReport& run);
std::string labels_section(const RunReport& run);
/// The answers about short and long texts.
std::string lengths_section(const RunReport& run);
std::string errors_section(const RunReport& run);
/// The tokens with the largest and the smallest scores of a model that is linear in its tokens.
std::string tokens_section(const RunReport& run);
std::string metrics_section(const RunReport& run);
std::string data_section(const RunRecord& record);
std::string configuration_section(const RunRecord& record);
/// Everything that differs between two runs of the same configuration: machine, command line, clock.
std::string environment_section(const RunRecord& record);

// How values are written on the pages.

/// Most characters of a label's name that are shown.
inline constexpr size_t kShownLabel = 60;
/// 12345678 as "12,345,678".
std::string grouped(int64_t count);
/// A value of a JSON file as plain text: strings as they are, anything else as JSON.
std::string plain(const Json& value);
/// A metric: four decimals, whole numbers as they are, "–" for null.
std::string metric_text(const Json& value);

}  // namespace bernoulli::report
