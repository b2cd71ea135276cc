#include "report/run_page.h"

#include "report/html.h"
#include "report/sections.h"

namespace bernoulli::report {

std::string run_page(const RunReport& run) {
  return page(run.record.name, "bernoulli report",
              headline(run) + training_section(run) + answers_section(run) + labels_section(run) +
                  lengths_section(run) + errors_section(run) + tokens_section(run) + metrics_section(run) +
                  data_section(run.record) + configuration_section(run.record) +
                  environment_section(run.record));
}

}  // namespace bernoulli::report
