#pragma once

#include <string>
#include <string_view>

#include "report/run_record.h"

namespace bernoulli::report {

/// report.html of one run: one file that needs neither script nor network. The same run gives the same bytes.
/// @throws nlohmann::json::exception where a file of the run does not hold what it should
std::string run_page(const RunReport& run);

/// Whether a page shows what the run answered. Only a page of run_page without answers does not: any other
/// file counts as one that has them.
bool shows_answers(std::string_view page);

/// {LABEL: [{"token", "score", "texts"}, ...]}: the tokens of tokens_section by descending score, `texts`
/// null where none were read. @param run  with tokens
Json tokens_json(const RunReport& run);

}  // namespace bernoulli::report
