#include "config/field_builder.h"
#include "config/loss_mode.h"
#include "config/schema.h"
#include "config/schema_sections.h"
#include "core/usual_threads.h"

namespace bernoulli::config {

namespace {

Field monitor_field() {
  return map("monitor",
             "validation metric that decides the best checkpoint, early stopping and reduce_on_plateau; a "
             "bare word is the metric",
             {text("metric", "name of a metric of the task").size(1).defaults("loss"),
              word("mode", "whether the lowest or the highest value is best; auto: as the metric has it",
                   {"auto", "min", "max"})
                  .defaults("auto")})
      .shorthand("metric");
}

Field early_stopping_field() {
  return map("early_stopping", "stop when the monitored metric no longer improves; null: never",
             {integer("patience", "validations without improvement that end the training")
                  .at_least(1)
                  .at_most(1e9)
                  .defaults(3),
              number("min_delta", "smallest change that counts as an improvement").at_least(0).defaults(0.0)})
      .shorthand("patience")
      .optional();
}

Field engine_field() {
  return word("engine",
              "auto: the fast path where the model has one (on the CPU); fused: the fast path, on a CUDA "
              "device too, or an error that says why there is none; graph: autograd, recorded once and "
              "replayed, on a CUDA device only; reference: autograd, one layer at a time",
              {"auto", "fused", "graph", "reference"})
      .defaults("auto");
}

Field precision_field() {
  return word("precision",
              "bfloat16: linear layers and those that look at neighbours multiply in bfloat16 (LibTorch's "
              "autocast; the reference engine); weights, loss and optimizer stay float32, and so do "
              "evaluation and export",
              {"float32", "bfloat16"})
      .defaults("float32");
}

Field float32_products_field() {
  return word("float32_matmul_precision",
              "of float32 products in training on a CUDA device, those of conv1d, lstm and gru among them: "
              "highest: float32; high, medium: TF32; evaluation and export, and the CPU, always take highest",
              {"highest", "high", "medium"})
      .defaults("highest");
}

}  // namespace

FieldSchema loss_section() {
  return map(
      "loss", "What is minimised.",
      {word("mode",
            "bce_with_logits: from logits, stable. sigmoid_bce: from probabilities. sigmoid_bce_clipped: "
            "from probabilities clipped as in Keras. focal_with_logits: the focal loss (gamma, alpha), from "
            "logits",
            loss_mode_names())
           .defaults(to_string(LossConfig::Mode::kBceWithLogits)),
       either(
           "pos_weight",
           "weight of positive targets: one number, one a label, numbers by the names of labels (the others "
           "have 1), or auto (negatives / positives of the training set); empty: 1",
           {list("", "", number("", "").above(0).at_most(1e9)).or_word("auto").bare(BareItem::kOneItem),
            named("", "", number("label", "").above(0).at_most(1e9)).size(1)})
           .defaults(Json::array()),
       number("label_smoothing", "targets y become y * (1 - s) + s / 2").at_least(0).below(1).defaults(0.0),
       number("gamma", "focal: exponent of 1 - p")
           .at_least(0)
           .float32()
           .defaults(2.0)
           .only_when("mode", {"focal_with_logits"}),
       number("alpha", "focal: weight of the positive class, 1 - alpha of the negative; null: no weights")
           .above(0)
           .below(1)
           .optional()
           .only_when("mode", {"focal_with_logits"})});
}

FieldSchema optimizer_section() {
  return Field(FieldType::kMap, "optimizer",
               "How weights move. Exactly one kind beside the keys that all kinds share.")
      .fields(
          {number("clip_norm", "gradients are scaled down to this 2-norm over all parameters; null: not")
               .above(0)
               .float32()
               .optional(),
           number("clip_value", "each gradient entry is clamped to plus or minus this; null: not")
               .above(0)
               .float32()
               .optional(),
           list(
               "no_decay",
               "endings of parameter names that have no weight decay, such as bias (bias_ih and bias_hh too)",
               text("", "").size(1))
               .defaults(Json::array()),
           number("ema_decay",
                  "evaluate and export the exponential moving average of the weights with this decay; "
                  "null: the weights")
               .above(0)
               .below(1)
               .optional()})
      .kinds(optimizer_schemas())
      .defaults(Json{{"adam", Json::object()}});
}

FieldSchema training_section() {
  Field section = map(
      "training",
      "How long, in what steps, and what is kept. At least one of epochs, max_steps and max_seconds; the "
      "first one reached ends the training.",
      {integer("epochs", "passes over the training data").at_least(1).at_most(1e9).optional(),
       integer("max_steps", "weight updates").at_least(1).optional(),
       number("max_seconds", "seconds of training, over all processes that worked on the run")
           .above(0)
           .optional(),
       integer("batch_size", "examples a batch").at_least(1).at_most(1e9).defaults(32),
       integer("accumulate", "batches a weight update").at_least(1).at_most(1e6).defaults(1),
       integer("eval_batch_size", "examples a batch where nothing is learned")
           .at_least(1)
           .at_most(1e9)
           .defaults(512),
       integer("seed", "of initial weights, order and dropout")
           .at_least(0)
           .at_most(kLargestSeed)
           .defaults(42),
       integer("validate_every_epochs",
               "epochs between two validations, with a checkpoint each; the end of the training has one too")
           .at_least(1)
           .at_most(1e9)
           .defaults(1),
       integer("validate_every_steps",
               "weight updates between two validations besides those after epochs; null: only those")
           .at_least(1)
           .at_most(1e9)
           .optional(),
       monitor_field(), early_stopping_field(),
       boolean(
           "restore_best",
           "evaluate and export the best checkpoint, else the last; without validation data always the last")
           .defaults(true),
       integer("keep_best", "best checkpoints that are kept besides the last two")
           .at_least(1)
           .at_most(1e6)
           .defaults(1),
       integer("checkpoint_every_steps",
               "weight updates between two checkpoints besides those at each validation; null: only those")
           .at_least(1)
           .at_most(1e9)
           .optional(),
       engine_field(), precision_field(), float32_products_field(),
       integer("threads",
               "threads on the CPU; 0: BERNOULLI_THREADS, else the number of cores, but one to train in "
               "batches too small to gain "
               "from more")
           .at_least(0)
           .at_most(kMostThreads)
           .defaults(0),
       one_kind("schedule", "factor on the learning rate, a function of the weight update",
                schedule_schemas())
           .defaults(Json{{"constant", Json::object()}})});
  return section.never_empty();
}

}  // namespace bernoulli::config
