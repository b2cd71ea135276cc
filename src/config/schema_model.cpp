#include "config/field_builder.h"
#include "config/schema.h"
#include "config/schema_sections.h"

namespace bernoulli::config {

FieldSchema task_section() {
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

FieldSchema text_section() {
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

FieldSchema model_section(const std::vector<KindSchema>& layer_kinds) {
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
           "token, those of labels by label; null: all are drawn",
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

}  // namespace bernoulli::config
