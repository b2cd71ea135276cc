#include "config/schema.h"

#include <algorithm>

#include "config/field_builder.h"
#include "core/usual_threads.h"

namespace bernoulli::config {
namespace {

const std::vector<std::string> kFormats{"auto", "class_folders", "csv", "tsv", "jsonl", "fasttext"};
constexpr double kLargestSeed = 9223372036854775807.0;

Field format_field() {
  return word("format",
              "how the source is written; auto: from the ending of the path, or class folders where it is a "
              "folder",
              kFormats)
      .defaults("auto");
}

Field path_field() {
  return either(
      "path",
      "file, or folder with one folder a class, or several of them, read in this order; * ? [] stand "
      "for names, in byte order, where no file is called so; relative paths start at data.root",
      {text("", "").size(1), list("", "", text("", "").size(1)).size(1)});
}

std::vector<FieldSchema> held_out_fields(bool may_be_absent) {
  const std::vector<std::string> drawn{"keras", "random", "stratified", "hash"};
  std::vector<FieldSchema> fields{path_field().optional(), format_field().only_when("path")};
  if (may_be_absent) {
    fields.push_back(boolean("optional", "where the path does not exist, go on without a test figure")
                         .defaults(false)
                         .only_when("path"));
  }
  fields.push_back(
      word("from", "take a part of the training source instead of a path", {"train"}).optional());
  Field fraction = number("fraction", "share of the training source that is taken")
                       .above(0)
                       .below(1)
                       .only_when("method", drawn);
  if (may_be_absent) {
    fields.push_back(fraction);
  } else {
    fields.push_back(fraction.optional());
    fields.push_back(integer("folds", "instead of a fraction: what the test part leaves is cut into as many")
                         .at_least(2)
                         .at_most(1000)
                         .only_when("method", drawn)
                         .optional());
    fields.push_back(integer("fold", "the one of `folds` that is taken, the others being trained on")
                         .at_least(1)
                         .at_most(1000)
                         .only_when("folds")
                         .optional());
  }
  fields.push_back(word("method",
                        "keras: as text_dataset_from_directory does it; random; stratified: the same share "
                        "of each class, or of each label; hash: by the text itself; column: the rows that "
                        "data.columns.split names",
                        {"keras", "random", "stratified", "hash", "column"})
                       .defaults("stratified")
                       .only_when("from"));
  fields.push_back(integer("seed", "of the split")
                       .at_least(0)
                       .at_most(kLargestSeed)
                       .defaults(42)
                       .only_when("method", drawn));
  return fields;
}

Field held_out(const char* key, const char* doc, bool may_be_absent) {
  return map(key, doc, held_out_fields(may_be_absent)).shorthand("path").one_of({"path", "from"}).optional();
}

Field words_of_part(const char* part, const char* doc, Json words) {
  return either(part, doc, {text("", ""), list("", "", text("", "")).size(1)}).defaults(std::move(words));
}

Field split_column_field() {
  return map("split",
             "column or JSON key of the training source that says to which part a row belongs, where a "
             "held-out "
             "part has method: column; null: none",
             {text("column", "its name, or number").size(1),
              words_of_part("train", "what stands there in rows that are trained on", "train"),
              words_of_part("validation", "in those of the validation part",
                            Json::array({"validation", "valid", "val", "dev"})),
              words_of_part("test", "in those of the test part", "test")})
      .shorthand("column")
      .optional();
}

Field data_section() {
  return map(
      "data", "Where the examples come from.",
      {text("root", "folder where relative paths start").size(1).defaults("."),
       map("train", "the training source", {path_field(), format_field()}).shorthand("path"),
       held_out("validation",
                "what decides the best checkpoint, early stopping, fitted temperatures and thresholds; null: "
                "absent",
                false),
       held_out("test", "what the final figures are measured on; null: absent", true),
       map("columns",
           "how rows of csv, tsv and jsonl become examples; a name, or a number from 1 where there is no "
           "header",
           {either("text", "column or JSON key of the text; of a list, the columns are joined in its order",
                   {text("", "").size(1), list("", "", text("", "").size(1)).size(1)})
                .defaults("text"),
            text("text_separator",
                 "several columns of text: what stands between them; those that are empty are left out")
                .defaults(" "),
            text("label",
                 "column or JSON key of the label; multi_label: a list, or names joined by label_separator")
                .size(1)
                .defaults("label"),
            list("label_columns",
                 "multi_label: one column of 0 and 1 a label, in the order of task.labels, instead of "
                 "`label`; their "
                 "names are the labels where task.labels is empty",
                 text("", "").size(1))
                .defaults(Json::array()),
            text("label_separator", "what joins the names in a multi_label cell").size(1).defaults(","),
            text("weight", "column or JSON key of the example weight; null: all weigh 1").size(1).optional(),
            split_column_field(),
            boolean("header", "csv, tsv: the first row names the columns").defaults(true),
            text("quote",
                 "csv, tsv: character around cells with delimiters; empty: quotes are ordinary characters")
                .size(0, 1)
                .defaults("\""),
            text("delimiter", "csv, tsv: character between cells; null: ',' in csv, tab in tsv")
                .size(1, 1)
                .optional()}),
       map("cache",
           "token ids of earlier runs with the same data and text settings, so that they start at once",
           {text("folder",
                 "where they are kept: a folder (relative paths start at data.root); auto: bernoulli/tokens "
                 "in the "
                 "user's cache folder, for sources of 4 MiB or more; off: nowhere")
                .size(1)
                .defaults("auto"),
            word("check",
                 "how a changed source file is noticed. changes: by size, inode and times. contents: by "
                 "reading it",
                 {"changes", "contents"})
                .defaults("changes"),
            number("limit_gib", "what the folder may hold; what was not used for longest goes first")
                .above(0)
                .at_most(1048576)
                .defaults(8.0)})
           .shorthand("folder")});
}

Field task_section() {
  return map("task", "What is decided about each text.",
             {word("kind", "binary: one of two labels; multi_label: any number of labels",
                   {"binary", "multi_label"}),
              text("positive", "binary: the label that counts as 1")
                  .size(1)
                  .optional()
                  .only_when("kind", {"binary"}),
              number("positive_above", "binary, where labels are numbers: those above this count as 1")
                  .optional()
                  .only_when("kind", {"binary"}),
              list("labels",
                   "multi_label: the names in order. binary: [negative, positive]; empty: the names of "
                   "data.columns.label_columns, else found in the training data, multi_label in alphabetical "
                   "order",
                   text("", "").size(1))
                  .defaults(Json::array()),
              integer(
                  "min_count",
                  "multi_label, labels found in the data: those that fewer examples of the training source "
                  "have are left out; null: none are")
                  .at_least(2)
                  .optional()
                  .only_when("kind", {"multi_label"})})
      .one_of({"positive", "positive_above"});
}

Field text_section() {
  return Field(FieldType::kMap, "text",
               "How a text becomes token ids. Exactly one of `vocabulary` and `hashing`.")
      .fields({kind_list("standardize", "steps on the raw bytes, in order", standardize_schemas())
                   .defaults(Json::array({"lowercase", "strip_punctuation"})),
               word("split", "what a token is", {"whitespace", "character"}).defaults("whitespace"),
               list("ngrams",
                    "numbers of neighbouring tokens that become one token, ascending; a bare 2 means [1, 2]",
                    integer("", "").at_least(1).at_most(16))
                   .size(1, 16)
                   .bare(BareItem::kCountUp)
                   .defaults(Json::array({1})),
               integer("sequence_length",
                       "ids a text: longer ones are cut, shorter ones padded; null: texts keep their length")
                   .at_least(1)
                   .at_most(1048576)
                   .optional()})
      .kinds(token_id_schemas())
      .defaults(Json{{"vocabulary", Json::object()}});
}

Field model_section(const std::vector<KindSchema>& layer_kinds) {
  return map(
      "model", "The layers from token ids to logits.",
      {word("initializer", "initial weights of layers that name none: as Keras or as torch.nn does it",
            {"keras", "torch"})
           .defaults("keras"),
       kind_list("layers", "in order; the last one gives one logit a label, without an activation",
                 layer_kinds)
           .size(1, 256),
       map("start_from",
           "the weights of an earlier run, which this one begins with: tensors by name, rows of the table by "
           "token; null: all are drawn",
           {text("path",
                 "a run folder, of which the checkpoint counts that its training ended with, or a checkpoint "
                 "in one; a relative path starts at the working directory")
                .size(1),
            word(
                "unmatched",
                "what becomes of tensors that only one of both models has, or in another shape; refuse: they "
                "are a fault; draw: the log names them, and they start as without start_from",
                {"refuse", "draw"})
                .defaults("refuse")})
           .shorthand("path")
           .optional()});
}

Field loss_section() {
  return map(
      "loss", "What is minimised.",
      {word("mode",
            "bce_with_logits: from logits, stable. sigmoid_bce: from probabilities. sigmoid_bce_clipped: "
            "from probabilities clipped as in Keras. focal_with_logits: the focal loss (gamma, alpha), from "
            "logits",
            {"bce_with_logits", "sigmoid_bce", "sigmoid_bce_clipped", "focal_with_logits"})
           .defaults("bce_with_logits"),
       either(
           "pos_weight",
           "weight of positive targets: one number, one a label, numbers by the names of labels (the others "
           "have 1), or auto (negatives / positives of the training set); empty: 1",
           {list("", "", number("", "").above(0)).or_word("auto").bare(BareItem::kOneItem),
            named("", "", number("label", "").above(0)).size(1)})
           .defaults(Json::array()),
       number("label_smoothing", "targets y become y * (1 - s) + s / 2").at_least(0).below(1).defaults(0.0),
       number("gamma", "focal: exponent of 1 - p")
           .at_least(0)
           .defaults(2.0)
           .only_when("mode", {"focal_with_logits"}),
       number("alpha", "focal: weight of the positive class, 1 - alpha of the negative; null: no weights")
           .above(0)
           .below(1)
           .optional()
           .only_when("mode", {"focal_with_logits"})});
}

Field optimizer_section() {
  return Field(FieldType::kMap, "optimizer",
               "How weights move. Exactly one kind beside the keys that all kinds share.")
      .fields({number("clip_norm", "gradients are scaled down to this 2-norm over all parameters; null: not")
                   .above(0)
                   .optional(),
               number("clip_value", "each gradient entry is clamped to plus or minus this; null: not")
                   .above(0)
                   .optional(),
               list("no_decay", "endings of parameter names that have no weight decay, such as bias",
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

Field training_section() {
  return map(
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
           .optional(),
       monitor_field(),
       map("early_stopping", "stop when the monitored metric no longer improves; null: never",
           {integer("patience", "validations without improvement that end the training")
                .at_least(1)
                .defaults(3),
            number("min_delta", "smallest change that counts as an improvement").at_least(0).defaults(0.0)})
           .shorthand("patience")
           .optional(),
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
           .optional(),
       word(
           "engine",
           "auto: the fast path where the model has one (on the CPU); fused: the fast path, on a CUDA device "
           "too, or an error that says why there is none; graph: autograd, recorded once and replayed, on a "
           "CUDA device only; reference: autograd, one layer at a time",
           {"auto", "fused", "graph", "reference"})
           .defaults("auto"),
       word("precision",
            "bfloat16: linear layers and those that look at neighbours multiply in bfloat16 (LibTorch's "
            "autocast; the reference engine); weights, loss and optimizer stay float32, and so do evaluation "
            "and export",
            {"float32", "bfloat16"})
           .defaults("float32"),
       word("float32_matmul_precision",
            "of float32 products in training on a CUDA device (torch.set_float32_matmul_precision): highest: "
            "float32; high, medium: TF32; evaluation and export, and the CPU, always take highest",
            {"highest", "high", "medium"})
           .defaults("highest"),
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
}

Field metrics_section() {
  return map(
      "metrics", "How the figures are computed.",
      {word("temperature",
            "what logits are divided by before the sigmoid. none: nothing. min_log_loss: the number, one "
            "a label, with the smallest log loss on the validation data, fitted after training and "
            "shipped in the exported file",
            {"none", "min_log_loss"})
           .defaults("none"),
       one_kind("threshold",
                "probability above which an example is positive: a number, or how to fit it on the "
                "validation data",
                threshold_schemas())
           .shorthand("fixed")
           .defaults(0.5),
       number("f_beta", "weight of recall against precision in f_beta").above(0).defaults(2.0),
       integer("calibration_bins", "bins of the expected calibration error")
           .at_least(2)
           .at_most(10000)
           .defaults(15)});
}

Field export_section() {
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

Field stability_section() {
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

}  // namespace

const std::vector<std::string>& source_formats() { return kFormats; }

std::string format_by_name(const std::filesystem::path& path) {
  const std::filesystem::path name = path.extension() == ".gz" ? path.stem() : path.filename();
  std::string extension = name.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c; });
  if (extension == ".csv") return "csv";
  if (extension == ".tsv") return "tsv";
  if (extension == ".jsonl" || extension == ".ndjson") return "jsonl";
  for (const char* labelled : {".txt", ".ft", ".train", ".test", ".valid"}) {
    if (extension == labelled) return "fasttext";
  }
  return "";
}

FieldSchema run_schema(const std::vector<KindSchema>& layer_kinds) {
  return map(
      "", "A configuration.",
      {text("base", "configuration file that this one changes, relative to this file; only in files")
           .size(1)
           .optional(),
       text("name",
            "of the run, for its folder; null: the name of the last configuration file without its ending")
           .size(1, 128)
           .optional(),
       data_section(), task_section(), text_section(), model_section(layer_kinds), loss_section(),
       optimizer_section(), training_section(), metrics_section(), export_section(), stability_section()});
}

}  // namespace bernoulli::config
