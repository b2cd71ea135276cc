#pragma once

#include <string>

#include "report/run_record.h"

namespace bernoulli::report {

/// report.html of one run: one file that needs neither script nor network. The same run gives the same bytes.
/// @throws nlohmann::json::exception where a file of the run does not hold what it should
std::string run_page(const RunReport& run);

}  // namespace bernoulli::report
