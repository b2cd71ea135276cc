#include "config/field_builder.h"
#include "config/schema.h"
#include "config/schema_sections.h"
#include "core/ascii.h"

namespace bernoulli::config {
namespace {

const std::vector<std::string> kFormats{"auto", "class_folders", "csv", "tsv", "jsonl", "fasttext"};

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

std::vector<FieldSchema> held_out_fields(bool is_test) {
  std::vector<std::string> drawn{"random", "stratified", "hash"};
  std::string about_methods =
      "random; stratified: the same share of each class, or of each label; hash: by the text itself; column: "
      "the rows that data.columns.split names";
  if (!is_test) {  // keras makes two parts
    drawn.insert(drawn.begin(), "keras");
    about_methods.insert(0, "keras: as text_dataset_from_directory does it; ");
  }
  std::vector<std::string> methods = drawn;
  methods.emplace_back("column");
  std::vector<FieldSchema> fields{path_field().optional(), format_field().only_when("path")};
  if (is_test) {
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
  if (is_test) {
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
  fields.push_back(
      word("method", std::move(about_methods), std::move(methods)).defaults("stratified").only_when("from"));
  fields.push_back(integer("seed", "of the split")
                       .at_least(0)
                       .at_most(kLargestSeed)
                       .defaults(42)
                       .only_when("method", drawn));
  return fields;
}

Field held_out(const char* key, const char* doc, bool is_test) {
  return map(key, doc, held_out_fields(is_test)).shorthand("path").one_of({"path", "from"}).optional();
}

Field words_of_part(const char* part, const char* doc, Json words) {
  return either(part, doc, {text("", ""), list("", "", text("", "")).size(1)}).defaults(std::move(words));
}

Field split_column_field() {
  return map("split",
             "column or JSON key of the training source that says to which part a row belongs, where a "
             "held-out part has method: column; null: none",
             {text("column", "its name, or number").size(1),
              words_of_part("train", "what stands there in rows that are trained on", "train"),
              words_of_part("validation", "in those of the validation part",
                            Json::array({"validation", "valid", "val", "dev"})),
              words_of_part("test", "in those of the test part", "test")})
      .shorthand("column")
      .optional();
}

Field columns_field() {
  return map(
      "columns",
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
            "multi_label: one column of 0 and 1 a label, in the order of task.labels, instead of `label`; "
            "their names are the labels where task.labels is empty",
            text("", "").size(1))
           .defaults(Json::array()),
       text("label_separator", "what joins the names in a multi_label cell").size(1).defaults(","),
       text("weight", "column or JSON key of the example weight; null: all weigh 1").size(1).optional(),
       split_column_field(),
       text("group",
            "column or JSON key of what examples have in common (an author, a product, a thread): those with "
            "equal values stay on one side of each split; null: each example is alone")
           .size(1)
           .optional(),
       boolean("header", "csv, tsv: the first row names the columns").defaults(true),
       text("quote",
            "csv, tsv: character around cells with delimiters; empty: quotes are ordinary characters")
           .size(0, 1)
           .defaults("\""),
       text("delimiter", "csv, tsv: character between cells; null: ',' in csv, tab in tsv")
           .size(1, 1)
           .optional()});
}

Field cache_field() {
  return map("cache",
             "token ids of earlier runs with the same data and text settings, so that they start at once",
             {text(
                  "folder",
                  "where they are kept: a folder (relative paths start at data.root); auto: bernoulli/tokens "
                  "in the user's cache folder, for sources of 4 MiB or more; off: nowhere")
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
      .shorthand("folder");
}

}  // namespace

const std::vector<std::string>& source_formats() { return kFormats; }

std::string data_extension(const std::filesystem::path& path) {
  const std::filesystem::path name = path.extension() == ".gz" ? path.stem() : path.filename();
  return lower_case(name.extension().string());
}

std::string format_by_name(const std::filesystem::path& path) {
  const std::string extension = data_extension(path);
  if (extension == ".csv") return "csv";
  if (extension == ".tsv") return "tsv";
  if (extension == ".jsonl" || extension == ".ndjson") return "jsonl";
  for (const char* labelled : {".txt", ".ft", ".train", ".test", ".valid"}) {
    if (extension == labelled) return "fasttext";
  }
  return "";
}

FieldSchema data_section() {
  return map(
      "data", "Where the examples come from.",
      {text("root", "folder where relative paths start; a relative one starts in the working directory")
           .size(1)
           .defaults("."),
       map("train", "the training source",
           {path_field(), format_field(),
            number(
                "fraction",
                "share of the training examples that is trained on, drawn of what the held-out parts leave; "
                "a smaller one is part of a larger one; null: all")
                .above(0)
                .at_most(1)
                .optional(),
            integer("seed", "of that draw")
                .at_least(0)
                .at_most(kLargestSeed)
                .defaults(42)
                .only_when("fraction")})
           .shorthand("path"),
       held_out("validation",
                "what decides the best checkpoint, early stopping, fitted temperatures, shifts and "
                "thresholds; null: absent",
                false),
       held_out("test", "what the final figures are measured on; null: absent", true), columns_field(),
       cache_field()});
}

}  // namespace bernoulli::config
