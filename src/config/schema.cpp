#include "config/schema.h"

#include "config/field_builder.h"
#include "config/schema_sections.h"

namespace bernoulli::config {

FieldSchema run_schema(const std::vector<KindSchema>& layer_kinds) {
  return map(
      "", "A configuration.",
      {text("base", "configuration file that this one changes, relative to this file; only in files")
           .size(1)
           .optional(),
       text("name",
            "of the run, for its folder, without '/' and control characters and not with a '.' at its start; "
            "null: the name of the last configuration file without its ending")
           .size(1, 128)
           .pattern(R"(^[^./\x00-\x1f\x7f-\x9f][^/\x00-\x1f\x7f-\x9f]*$)")
           .optional(),
       data_section(), task_section(), text_section(), model_section(layer_kinds), loss_section(),
       optimizer_section(), training_section(), metrics_section(), export_section(), stability_section()});
}

}  // namespace bernoulli::config
