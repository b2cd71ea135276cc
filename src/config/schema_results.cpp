#include "config/field_builder.h"
#include "config/schema.h"
#include "config/schema_sections.h"

namespace bernoulli::config {

FieldSchema metrics_section() {
  return map(
      "metrics", "How the figures are computed.",
      {word("temperature",
            "what logits are divided by before the sigmoid. none: nothing. min_log_loss: the number, one "
            "a label, with the smallest log loss on the validation data, fitted after training and "
            "shipped in the exported file",
            {"none", "min_log_loss"})
           .defaults("none"),
       word("shift",
            "what is added to the logits behind the division. none: nothing. min_log_loss: the number, one a "
            "label, fitted as the temperature is and together with it (Platt's scaling), against Platt's "
            "targets; undoes what loss.pos_weight or chosen examples did to the probabilities",
            {"none", "min_log_loss"})
           .defaults("none"),
       one_kind("threshold",
                "probability above which an example is positive: a number, or how to fit it on the "
                "validation data; or that the highest probability decides",
                threshold_schemas())
           .shorthand("fixed")
           .defaults(0.5),
       number("f_beta", "weight of recall against precision in f_beta").above(0).defaults(2.0),
       integer("calibration_bins", "bins of the expected calibration error")
           .at_least(2)
           .at_most(10000)
           .defaults(15)});
}

FieldSchema export_section() {
  return map(
      "export", "How the exported file keeps the table of the tokens; the other weights stay float32.",
      {word("weights", "numbers of the table; int8 has a float32 scale a row, with `fold` one a label",
            {"float32", "float16", "int8"})
           .defaults("float32"),
       word("buckets",
            "used: buckets of text.hashing that no training text has count as zeros and are not stored",
            {"all", "used"})
           .defaults("all"),
       boolean("fold",
               "keep the product of the table and the linear layers behind it: one number a token and label, "
               "for models with nothing else behind the pool")
           .defaults(false),
       number("max_changed",
              "share of the held-out texts whose decision may differ from that of the trained model, else "
              "there is no file; null: any")
           .at_least(0)
           .at_most(1)
           .optional()});
}

FieldSchema stability_section() {
  return map(
      "stability", "What `bernoulli stability` compares; ordinary training does not read it.",
      {integer("seeds", "paired runs: training.seed and the seeds after it")
           .at_least(1)
           .at_most(1000)
           .defaults(3),
       integer("epochs", "passes over the training data in each paired run")
           .at_least(1)
           .at_most(1e9)
           .optional(),
       integer("max_steps",
               "weight updates of each paired run; with epochs, the first one reached ends it; with neither, "
               "200")
           .at_least(1)
           .at_most(1e9)
           .optional(),
       list("dtypes", "number formats of curves and thresholds",
            word("", "", {"float64", "float32", "bfloat16", "float16"}))
           .size(1, 4)
           .defaults(Json::array({"float64", "float32", "bfloat16", "float16"})),
       kind_list("stress", "situations that make the difference matter; each repeats the paired training",
                 stress_schemas())
           .defaults(Json::array({"output_bias", "learning_rate", "input_scale", "label_noise",
                                  "half_precision", "confident_init"}))});
}

}  // namespace bernoulli::config
