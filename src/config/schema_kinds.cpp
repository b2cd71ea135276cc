#include "config/field_builder.h"
#include "config/schema.h"

namespace bernoulli::config {
namespace {

Field learning_rate(double value) {
  return number("lr", "learning rate before the schedule").above(0).float32().defaults(value);
}

Field decay(double value, const char* doc) {
  return number("weight_decay", doc).at_least(0).float32().defaults(value);
}

Field epsilon(double value) {
  return number("eps", "added to the denominator").above(0).float32().defaults(value);
}

Field warmup() {
  return integer("warmup_steps", "weight updates over which the factor first rises linearly from 0")
      .at_least(0)
      .at_most(1e15)
      .defaults(0);
}

Field final_factor(double value) {
  return number("final_factor", "factor at the last weight update").at_least(0).at_most(1).defaults(value);
}

std::vector<FieldSchema> adam_fields(double weight_decay, const char* decay_doc) {
  return {
      learning_rate(1e-3),
      number("beta1", "decay of the running mean of gradients").at_least(0).below(1).defaults(0.9),
      number("beta2", "decay of the running mean of squared gradients").at_least(0).below(1).defaults(0.999),
      epsilon(1e-8),
      decay(weight_decay, decay_doc),
      boolean("amsgrad", "divide by the largest running mean of squares seen so far").defaults(false)};
}

Field threshold_number(std::string key) { return number(std::move(key), "").above(0).below(1); }

Field min_positives(const std::string& figure) {
  return integer("min_positives",
                 "labels with fewer validation examples share one threshold, that of the highest " + figure +
                     " over the decisions about all of them (micro)")
      .at_least(0)
      .defaults(0);
}

KindSchema kind(const char* name, const char* doc, std::vector<FieldSchema> fields = {},
                const char* shorthand = "") {
  return {name, doc, std::move(fields), shorthand, false};
}

KindSchema mask(const char* name, const char* doc) {
  return kind(name, doc, {text("token", "what stands there instead").size(1)}, "token");
}

constexpr const char* kL2Doc = "L2 penalty, added to the gradient";

}  // namespace

const std::vector<KindSchema>& optimizer_schemas() {
  static const std::vector<KindSchema> kinds{
      kind(
          "sgd", "stochastic gradient descent (torch.optim.SGD)",
          {learning_rate(1e-3),
           number("momentum", "share of the previous update that is kept").at_least(0).below(1).defaults(0.0),
           number("dampening", "the gradient enters the momentum with factor 1 - dampening")
               .at_least(0)
               .at_most(1)
               .defaults(0.0),
           boolean("nesterov", "look ahead along the momentum; needs momentum above 0 and dampening 0")
               .defaults(false),
           decay(0, kL2Doc)}),
      kind("adam", "Adam (torch.optim.Adam; Keras uses eps 1.0e-7)", adam_fields(0, kL2Doc)),
      kind("adamw", "Adam with decoupled weight decay (torch.optim.AdamW)",
           adam_fields(1e-2, "share of lr by which weights shrink at each update, apart from the gradient")),
      kind(
          "rmsprop", "RMSprop (torch.optim.RMSprop)",
          {learning_rate(1e-2),
           number("alpha", "decay of the running mean of squared gradients")
               .at_least(0)
               .below(1)
               .defaults(0.99),
           epsilon(1e-8),
           number("momentum", "share of the previous update that is kept").at_least(0).below(1).defaults(0.0),
           boolean("centered", "divide by the running standard deviation instead").defaults(false),
           decay(0, kL2Doc)}),
      kind("adagrad", "Adagrad (torch.optim.Adagrad)",
           {learning_rate(1e-2),
            number("lr_decay", "the rate at update t is lr / (1 + t * lr_decay)").at_least(0).defaults(0.0),
            epsilon(1e-10),
            number("initial_accumulator_value", "start of the sum of squared gradients")
                .at_least(0)
                .float32()
                .defaults(0.0),
            decay(0, kL2Doc)}),
  };
  return kinds;
}

const std::vector<KindSchema>& schedule_schemas() {
  static const std::vector<KindSchema> kinds{
      kind("constant", "factor 1", {warmup()}),
      kind("step", "multiplied by gamma every step_epochs epochs",
           {integer("step_epochs", "epochs between two multiplications").at_least(1).at_most(1e9),
            number("gamma", "what the factor is multiplied by").above(0).at_most(1).defaults(0.1)}),
      kind("multi_step", "multiplied by gamma at each milestone",
           {list("milestones", "epochs, ascending", integer("", "").at_least(1).at_most(1e9)).size(1),
            number("gamma", "what the factor is multiplied by").above(0).at_most(1).defaults(0.1)}),
      kind("exponential", "multiplied by gamma after every epoch",
           {number("gamma", "what the factor is multiplied by").above(0).at_most(1)}, "gamma"),
      kind("cosine", "half a cosine from 1 to final_factor over the whole training",
           {warmup(), final_factor(0)}),
      kind("linear", "a straight line from 1 to final_factor over the whole training",
           {warmup(), final_factor(0)}),
      kind("one_cycle",
           "up to max_factor and down again over the whole training (torch.optim.lr_scheduler.OneCycleLR)",
           {number("max_factor", "factor at the peak").above(0).float32().defaults(1.0),
            number("pct_start", "share of the training in which the factor rises")
                .above(0)
                .below(1)
                .defaults(0.3),
            number("div_factor", "the first factor is max_factor / div_factor").at_least(1).defaults(25.0),
            number("final_div_factor", "the last factor is max_factor / div_factor / final_div_factor")
                .at_least(1)
                .defaults(1e4)}),
      kind("reduce_on_plateau",
           "multiplied by factor when the monitored metric stops improving (torch's ReduceLROnPlateau)",
           {number("factor", "what the learning rate is multiplied by").above(0).below(1).defaults(0.1),
            integer("patience", "validations without improvement that are waited for")
                .at_least(0)
                .at_most(1e9)
                .defaults(10),
            number("threshold", "smallest relative change that counts as an improvement")
                .at_least(0)
                .below(1)
                .defaults(1e-4),
            integer("cooldown", "validations after a reduction that are not counted")
                .at_least(0)
                .at_most(1e9)
                .defaults(0),
            number("min_factor", "the factor never falls below this").at_least(0).at_most(1).defaults(0.0)}),
  };
  return kinds;
}

const std::vector<KindSchema>& standardize_schemas() {
  static const std::vector<KindSchema> kinds{
      kind("lowercase", "A-Z to a-z; other bytes stay as they are"),
      kind("unicode_lowercase", "every code point to its simple lower case (Unicode 14.0)"),
      {"replace",
       "every occurrence of one string by another; written replace: [from, to]",
       {text("from", "the bytes to look for").size(1), text("to", "what stands there instead")},
       "",
       true},
      kind("strip_punctuation", "removes the 32 ASCII punctuation characters"),
      kind("strip_unicode_punctuation",
           "removes those 32 and every other code point of general category P; symbols such as emoji stay"),
      kind("collapse_whitespace", "runs of white space become one space; none at the ends"),
      kind("unicode_whitespace", "every code point that Unicode calls white space becomes a space"),
      kind("strip_html", "every tag (<...>) becomes a space"),
      mask("mask_urls", "every URL (http://..., https://..., www....) becomes one token"),
      mask("mask_emails", "every e-mail address becomes one token"),
      mask("mask_mentions", "every @name becomes one token"),
      mask("mask_numbers",
           "every run of decimal digits, with points and commas between digits, becomes one token"),
  };
  return kinds;
}

const std::vector<KindSchema>& token_id_schemas() {
  static const std::vector<KindSchema> kinds{
      kind(
          "vocabulary", "the most frequent tokens of the training texts have an id each",
          {integer("max_tokens", "ids, with the two reserved for padding and unknown tokens; null: no limit")
               .at_least(3)
               .at_most(2147483647)
               .optional(),
           integer("min_count", "tokens that are rarer in the training texts are unknown")
               .at_least(1)
               .defaults(1),
           text("file", "a vocabulary file to use instead of learning one, one token a line; below data.root")
               .size(1)
               .optional()}),
      kind("hashing", "a token's id is its hash: no vocabulary is learned or kept",
           {integer("buckets", "number of ids besides the one for padding").at_least(1).at_most(2147483646)},
           "buckets"),
  };
  return kinds;
}

const std::vector<KindSchema>& threshold_schemas() {
  static const std::vector<KindSchema> kinds{
      kind("fixed", "this probability; a bare number, or a list of them, means the same",
           {either("value",
                   "an example is positive where its probability is above it: one number, one a label, or "
                   "numbers by the names of labels (the others have 0.5)",
                   {threshold_number(""), list("", "", threshold_number("")).size(1),
                    named("", "", threshold_number("label")).size(1)})
                .defaults(0.5)},
           "value"),
      kind("highest",
           "none: an example gets exactly one of several labels, that with the highest logit, the first of "
           "equal ones",
           {}),
      kind("max_f1", "the threshold with the highest F1 on the validation data", {min_positives("F1")}),
      kind("max_f_beta", "the threshold with the highest f_beta on the validation data, with metrics.f_beta",
           {min_positives("f_beta")}),
      kind("precision_at_recall", "the highest precision on the validation data with at least this recall",
           {number("recall", "recall to keep").above(0).at_most(1)}, "recall"),
      kind("recall_at_precision", "the highest recall on the validation data with at least this precision",
           {number("precision", "precision to keep").above(0).at_most(1),
            number(
                "confidence",
                "with which the precision is kept: by the lower bound of Clopper and Pearson instead of the "
                "share itself; none: the share")
                .above(0)
                .below(1)
                .optional()},
           "precision"),
  };
  return kinds;
}

const std::vector<KindSchema>& stress_schemas() {
  static const std::vector<KindSchema> kinds{
      kind("output_bias",
           "the bias of the last layer starts here: every answer is the same and sure of itself",
           {number("value", "initial bias of every logit").float32().defaults(30.0)}, "value"),
      kind("learning_rate", "weights move so far that logits overshoot",
           {number("factor", "what the learning rate is multiplied by").above(0).float32().defaults(300.0)},
           "factor"),
      kind("input_scale", "inputs that are not normalised: embeddings start larger",
           {number("factor", "what initial embedding weights are multiplied by")
                .above(0)
                .float32()
                .defaults(100.0)},
           "factor"),
      kind("label_noise", "labels that are wrong, as crowd-sourced ones are",
           {number("share", "share of training labels that are turned around")
                .above(0)
                .below(1)
                .defaults(0.2)},
           "share"),
      kind("half_precision", "the loss sees logits rounded to 16 bits, as automatic mixed precision has it",
           {word("dtype", "number format of logits and loss", {"bfloat16", "float16"}).defaults("bfloat16")},
           "dtype"),
      kind("confident_init",
           "initial logits are spread wide, as those of a model trained for something else are",
           {number("spread", "standard deviation of the initial logits over training examples")
                .above(0)
                .float32()
                .defaults(40.0)},
           "spread"),
      kind("custom", "any of these keys together",
           {text("name", "how the page calls it").size(1, 64),
            text("shows", "what it is meant to show, for the page").defaults(""),
            number("output_bias", "initial bias of every logit; null: as initialised").float32().optional(),
            number("learning_rate_factor", "what the learning rate is multiplied by")
                .above(0)
                .float32()
                .defaults(1.0),
            number("input_scale", "what initial embedding weights are multiplied by")
                .above(0)
                .float32()
                .defaults(1.0),
            number("label_noise", "share of training labels that are turned around")
                .at_least(0)
                .below(1)
                .defaults(0.0),
            number("logit_spread", "standard deviation of the initial logits; null: as initialised")
                .above(0)
                .float32()
                .optional(),
            word("logits_dtype", "number format of logits and loss", {"float32", "bfloat16", "float16"})
                .defaults("float32")}),
  };
  return kinds;
}

}  // namespace bernoulli::config
