#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/starter_config.h"
#include "config/run_config.h"
#include "data/example_facts.h"

namespace bernoulli::cli {

/// The data as they will be read, with what they hold.
struct StarterData {
  SourceConfig train;
  std::optional<SourceConfig> validation, test;
  ColumnsConfig columns;
  std::vector<std::string> without_labels;  ///< parts of the folder that only predict can use
  bool has_columns = false;                 ///< a table or JSON lines
  bool is_table = false;
  std::optional<ColumnSurvey> label_column;
  std::optional<RawExamples> examples;  ///< of train
  ExampleFacts facts;                   ///< of them
};

/// Format, columns and facts. Adds to findings. @throws as make_starter_config
StarterData find_data(const InitRequest& request, StarterConfig& starter);

}  // namespace bernoulli::cli
