// The command line and the system under the program: usage (2), devices (9), run folders (7), output (5),
// non-finite numbers (6).

#include <fstream>

#include <nlohmann/json.hpp>

#include "faults/fault_case.h"

namespace bernoulli::testing {
namespace {

using ArgumentFaults = Faults;
TEST_P(ArgumentFaults, AreRefused) { check_fault(GetParam()); }

TEST(Arguments, OfASoundCallTrain) {
  FaultFolder folder;
  const ProgramResult result = folder.run(kTrain);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "out/model.pt"));
}

INSTANTIATE_TEST_SUITE_P(
    Usage, ArgumentFaults,
    ::testing::Values(
        FaultCase{"no_verb", {}, 2, "usage: bernoulli VERB"},
        FaultCase{"unknown_verb", {"trian"}, 2, "unknown verb 'trian'; did you mean 'train'"},
        FaultCase{"verb_like_nothing", {"\x1b[31mxyzzy"}, 2, "unknown verb"},
        FaultCase{"unknown_option",
                  {"train", "config.yaml", "--dry-rum"},
                  2,
                  "unknown option '--dry-rum'; did you mean '--dry-run'"},
        FaultCase{"abbreviated_option", {"train", "config.yaml", "--dry"}, 2, "unknown option '--dry'"},
        FaultCase{"option_without_value", {"train", "config.yaml", "--run-dir"}, 2, "run-dir"},
        FaultCase{"flag_with_value", {"train", "config.yaml", "--quiet=3"}, 2, "quiet"},
        FaultCase{"option_with_an_empty_value",
                  {"train", "config.yaml", "--run-dir", ""},
                  2,
                  "--run-dir is empty; leave it out"},
        FaultCase{"option_twice", {"train", "config.yaml", "--run-dir", "a", "--run-dir", "b"}, 2, "run-dir"},
        FaultCase{"train_nothing", {"train"}, 2, "configuration"},
        FaultCase{"evaluate_nothing", {"evaluate"}, 2, "name a run folder or an exported file"},
        FaultCase{"evaluate_a_file_without_its_option",
                  {"evaluate", "run", "my reviews.csv"},
                  2,
                  "too many arguments; did you mean --data 'my reviews.csv'.; usage: bernoulli evaluate"},
        FaultCase{
            "export_three", {"export", "a", "b", "c"}, 2, "too many arguments; usage: bernoulli export"},
        FaultCase{"option_that_is_a_key",
                  {"train", "config.yaml", "--epochs", "3"},
                  2,
                  "unknown option '--epochs'; did you mean '--set training\\.epochs=VALUE'"},
        FaultCase{"option_that_is_a_key_of_many_names",
                  {"train", "config.yaml", "--batch-size", "3"},
                  2,
                  "unknown option '--batch-size'; did you mean '--set training\\.batch_size=VALUE'"},
        FaultCase{
            "option_that_is_several_keys",
            {"sweep", "config.yaml", "--lr", "0.1"},
            2,
            "'--lr'; did you mean --set KEY=VALUE, where KEY is optimizer\\.sgd\\.lr, .* or optimizer\\."},
        FaultCase{"option_that_is_a_key_of_data",
                  {"evaluate", "run", "--header", "true"},
                  2,
                  "'--header'; did you mean '--set data\\.columns\\.header=VALUE'"},
        FaultCase{"option_that_is_a_key_but_not_of_data",
                  {"evaluate", "run", "--epochs", "3"},
                  2,
                  "unknown option '--epochs'; see"},
        FaultCase{"train_on_data",
                  {"train", "reviews.csv"},
                  2,
                  "'reviews\\.csv' is data, not a configuration; bernoulli init reviews\\.csv writes one"},
        FaultCase{"train_on_a_folder_of_data",
                  {"train", "films"},
                  2,
                  "'films' is a folder, not a configuration; bernoulli init films writes one",
                  [](FaultFolder& f) { f.write("films/good/1.txt", "a film"); }},
        FaultCase{"predict_nothing", {"predict"}, 2, "name a run folder or an exported file"},
        FaultCase{"predict_unknown_format",
                  {"predict", "run", "--format", "xml"},
                  2,
                  "--format is 'xml'.*jsonl or tsv"},
        FaultCase{"predict_unknown_engine",
                  {"predict", "run", "--text", "a", "--engine", "fast"},
                  2,
                  "--engine is 'fast'.*auto, native or torchscript"},
        FaultCase{"predict_native_on_a_gpu",
                  {"predict", "run", "--text", "a", "--engine", "native", "--device", "cuda"},
                  2,
                  "--engine native runs on the CPU"},
        FaultCase{"predict_from_two_sources", {"predict", "run", "in.txt", "--text", "a"}, 2, "not both"},
        FaultCase{"explain_as_table",
                  {"predict", "run", "--text", "a", "--explain", "--format", "tsv"},
                  2,
                  "--explain needs --format jsonl"},
        FaultCase{"export_nothing", {"export"}, 2, "run"},
        FaultCase{"export_unknown_format",
                  {"export", "run", "--format", "h5"},
                  2,
                  "--format is 'h5'; it may be torchscript, onnx, triton or safetensors"},
        FaultCase{"info_nothing", {"info"}, 2, "name a run folder or an exported file"},
        FaultCase{"info_of_two", {"info", "a", "b"}, 2, "too many arguments; usage: bernoulli info"},
        FaultCase{"info_of_a_missing_file", {"info", "nothere.pt"}, 4, "'nothere\\.pt' does not exist"},
        FaultCase{"info_of_no_run", {"info", "/"}, 4, "'/' is not a run folder: it has no config\\.yaml"},
        FaultCase{"info_of_a_file_that_is_none", {"info", "config.yaml"}, 4, "config\\.yaml"},
        FaultCase{"report_nothing", {"report"}, 2, "name one or more run folders"},
        FaultCase{"report_of_no_run", {"report", "/"}, 4, "'/' is not a run folder: it has no config\\.yaml"},
        FaultCase{"config_nothing", {"config"}, 2, "say what to do"},
        FaultCase{"config_unknown_action",
                  {"config", "chek", "config.yaml"},
                  2,
                  "unknown action 'config chek'; did you mean 'check'"},
        FaultCase{"config_check_nothing", {"config", "check"}, 2, "no configuration file"},
        FaultCase{"config_check_with_an_option_of_show",
                  {"config", "check", "config.yaml", "--origin"},
                  2,
                  "config check takes no --origin, which is for config show"},
        FaultCase{"config_describe_in_two_forms",
                  {"config", "describe", "--json", "--format", "markdown"},
                  2,
                  "--format and --json are two forms"},
        FaultCase{"config_describe_one_key_in_markdown",
                  {"config", "describe", "--key", "training", "--format", "markdown"},
                  2,
                  "--key is for --format text: markdown has all keys"},
        FaultCase{"config_describe_in_an_unknown_format",
                  {"config", "describe", "--format", "xml"},
                  2,
                  "--format is 'xml'; it may be text or markdown"},
        FaultCase{
            "config_schema_with_a_value", {"config", "schema", "--set", "a=1"}, 2, "schema takes no --set"},
        FaultCase{"config_show_in_two_forms",
                  {"config", "show", "config.yaml", "--origin", "--json"},
                  2,
                  "two forms of one answer"},
        FaultCase{"config_describe_unknown_key", {"config", "describe", "--key", "traning"}, 2, "traning"},
        FaultCase{
            "resume_without_a_folder", {"train", "config.yaml", "--resume"}, 2, "--resume needs --run-dir"},
        FaultCase{"resume_dryly",
                  {"train", "config.yaml", "--resume", "--run-dir", "out", "--dry-run"},
                  2,
                  "--dry-run"},
        FaultCase{"pause_before_the_first_epoch",
                  {"train", "config.yaml", "--run-dir", "out", "--pause-after", "0"},
                  2,
                  "--pause-after is 0 .expected 1 or more"},
        FaultCase{"pause_after_a_word",
                  {"train", "config.yaml", "--run-dir", "out", "--pause-after", "two"},
                  2,
                  "pause-after"},
        FaultCase{"pause_dryly",
                  {"train", "config.yaml", "--pause-after", "1", "--dry-run"},
                  2,
                  "--dry-run runs one batch and --pause-after ends an epoch"},
        FaultCase{"more_processes_than_an_int_has",
                  {"train", "config.yaml", "--processes", "4294967298"},
                  2,
                  "--processes is 4294967298 .expected 1 to 1024"},
        FaultCase{"resume_what_is_not_there",
                  {"train", "--resume", "--run-dir", "out"},
                  2,
                  "'out' is not a run folder .no config\\.yaml in it.: nothing to resume"}),
    case_name);

/// `sweep` with these words behind the configuration; a refused one leaves no folder.
FaultCase swept(const std::string& name, const std::vector<std::string>& more, const std::string& message) {
  std::vector<std::string> words = {"sweep", "config.yaml", "--sweep-dir", "out"};
  words.insert(words.end(), more.begin(), more.end());
  return {name, words, 2, message};
}

INSTANTIATE_TEST_SUITE_P(
    Sweeps, ArgumentFaults,
    ::testing::Values(
        FaultCase{"sweep_nothing", {"sweep"}, 2, "no axis was named"},
        FaultCase{
            "sweep_no_configuration", {"sweep", "training.seed=1,2"}, 2, "no configuration file was named"},
        swept("sweep_no_axis", {}, "no axis was named .expected at least one key.path=a,b,c"),
        swept("sweep_empty_axis", {"training.seed="}, "training.seed=: a value is empty"),
        swept("sweep_axis_twice", {"training.seed=1", "training.seed=2"},
              "the key training.seed has an axis already"),
        swept("sweep_axis_is_set", {"training.seed=1,2", "--set", "training.seed=3"},
              "it would overwrite --set training.seed=3"),
        swept("sweep_range_without_random", {"training.seed=1..9"},
              "1..9 is a range, of which only --random N draws"),
        swept("sweep_unknown_key", {"training.sed=1,2"},
              "\n--set training.sed=1: training.sed: unknown key .*\\[trial 1\\]"),
        swept("sweep_file_in_an_axis", {"base=a.yaml,b.yaml"}, "base: can stand in files only"),
        swept("sweep_too_few_to_draw", {"training.seed=1,2", "--random", "3"},
              "--random 3: 2 different trials were found"),
        swept("sweep_too_many_to_draw", {"training.seed=1..99999", "--random", "10001"},
              "--random 10001: at most 10000 trials are drawn"),
        swept("sweep_random_of_none", {"training.seed=1,2", "--random", "0"}, "--random is 0"),
        swept("sweep_seed_without_random", {"training.seed=1,2", "--seed", "3"},
              "--seed is that of --random N"),
        swept("sweep_seed_below_0", {"training.seed=1,2", "--random", "2", "--seed=-1"},
              "--seed is -1; expected 0 to"),
        swept("sweep_no_jobs", {"training.seed=1,2", "--jobs", "0"}, "--jobs is 0 .expected 1 to 1024"),
        swept("sweep_unknown_device", {"training.seed=1,2", "--device", "cuda:x"}, "unknown device 'cuda:x'"),
        swept("sweep_device_beyond_int", {"training.seed=1,2", "--device", "cuda:99999999999"},
              "unknown device"),
        swept("sweep_unknown_metric", {"training.seed=1,2", "--rank-by", "rocauc"},
              "no metric 'rocauc' of this task \\(expected loss, .*; did you mean 'roc_auc'"),
        swept("sweep_halving_by_one", {"training.seed=1,2", "--halving", "1"},
              "--halving is 1 .expected 2 to 10"),
        swept("sweep_halving_by_eleven", {"training.seed=1,2", "--halving=11"},
              "--halving is 11 .expected 2 to 10"),
        swept("sweep_halving_of_one_row", {"training.seed=1,2", "--halving", "2"},
              "it takes 2 rows or more .there are 1."),
        swept("sweep_halving_of_too_short_trainings", {"optimizer.adam.lr=0.1,0.2,0.3", "--halving"},
              "nothing would be left behind.*3 validations or more in training.epochs"),
        swept("sweep_halving_without_epochs",
              {"optimizer.adam.lr=0.1,0.2", "--halving", "2", "--set", "training.epochs=null", "--set",
               "training.max_steps=9"},
              "--halving trains parts of training.epochs, and trial 1 has none"),
        swept("sweep_halving_a_grid_in_time",
              {"optimizer.adam.lr=0.1,0.2", "--halving", "2", "--max-seconds", "9"},
              "those must be random ones: give --random N"),
        swept("sweep_jobs_by_a_word", {"training.seed=1,2", "--jobs", "3x"},
              "the argument \\('3x'\\) for option '--jobs' is invalid \\(expected a whole number\\); usage"),
        swept("sweep_time_by_a_word", {"training.seed=1,2", "--max-seconds", "x"},
              "'--max-seconds' is invalid \\(expected a number\\); usage"),
        swept("sweep_no_time", {"training.seed=1,2", "--max-seconds", "0"},
              "--max-seconds is 0 .expected a number above 0"),
        swept("sweep_time_that_is_no_number", {"training.seed=1,2", "--max-seconds", "nan"},
              "--max-seconds is nan .expected a number above 0"),
        FaultCase{"sweep_resume_by_another_factor",
                  {"sweep", "--resume", "--sweep-dir", "out", "--halving"},
                  2,
                  "--halving go with CONFIG"},
        swept("sweep_resume_dryly", {"training.seed=1,2", "--resume", "--dry-run"}, "give one of them"),
        FaultCase{"sweep_resume_nowhere", {"sweep", "--resume"}, 2, "--resume needs --sweep-dir"},
        FaultCase{"sweep_resume_axes_without_configuration",
                  {"sweep", "--resume", "--sweep-dir", "out", "training.seed=1,2"},
                  2,
                  "axes, --set, --random and --halving go with CONFIG"},
        FaultCase{"sweep_where_something_is",
                  {"sweep", "config.yaml", "training.seed=1,2", "--sweep-dir", "taken"},
                  7,
                  "sweep folder 'taken' is not empty and never overwritten; name another with --sweep-dir",
                  [](FaultFolder& f) { f.write("taken/x", "y"); }},
        FaultCase{"sweep_in_use",
                  {"sweep", "config.yaml", "training.seed=1,2", "--sweep-dir", "busy"},
                  7,
                  "'busy' is in use by another",
                  [](FaultFolder& f) { f.lock("busy"); }}),
    case_name);

FaultCase on_device(const std::string& name, const std::string& device, int exit_code,
                    const std::string& message) {
  return {name,
          {"train", "config.yaml", "--run-dir", "out", "--device", device},
          exit_code,
          message,
          [](FaultFolder&) {},
          {"CUDA_VISIBLE_DEVICES="}};
}

INSTANTIATE_TEST_SUITE_P(
    Devices, ArgumentFaults,
    ::testing::Values(on_device("device_unknown", "tpu", 2,
                                "unknown device 'tpu' .*auto, cpu, cuda or cuda:N"),
                      on_device("device_empty", "", 2, "device"),
                      on_device("device_not_a_number", "cuda:x", 2, "unknown device 'cuda:x'"),
                      on_device("device_negative", "cuda:-1", 2, "unknown device 'cuda:-1'"),
                      on_device("device_beyond_int", "cuda:99999999999", 2, "unknown device"),
                      on_device("device_absent", "cuda", 9, "device 'cuda' is not available: .*--device cpu"),
                      on_device("device_number_absent", "cuda:7", 9, "device 'cuda:7' is not available"),
                      FaultCase{"graph_engine_on_the_cpu",
                                {"train", "config.yaml", "--run-dir", "out", "--device", "cpu", "--set",
                                 "training.engine=graph"},
                                2,
                                "training.engine is graph, which runs on a CUDA device only"}),
    case_name);

FaultCase in_folder(
    const std::string& name, const std::string& run_dir, int exit_code, const std::string& message,
    const std::function<void(FaultFolder&)>& prepare = [](FaultFolder&) {}) {
  return {
      name, {"train", "config.yaml", "--device", "cpu", "--run-dir", run_dir}, exit_code, message, prepare};
}

const std::vector<std::string> kPredict = {"predict", "run", "--text", "a fine film"};

void run_in_use(FaultFolder& folder) {
  copy_trained_run(folder);
  folder.lock("run");
}

INSTANTIATE_TEST_SUITE_P(
    RunFolders, ArgumentFaults,
    ::testing::Values(
        in_folder("folder_taken", "taken", 7, "taken.*is not empty.*never overwritten.*--run-dir",
                  [](FaultFolder& f) { f.write("taken/x", "y"); }),
        in_folder("folder_of_a_run", "run", 7, "run.*is not empty", copy_trained_run),
        in_folder("folder_in_use", "busy", 7, "busy.*in use by another",
                  [](FaultFolder& f) { f.lock("busy"); }),
        FaultCase{"resumed_folder_in_use",
                  {"train", "--resume", "--run-dir", "run", "--device", "cpu"},
                  7,
                  "in use by another",
                  run_in_use},
        FaultCase{
            "exported_into_a_folder_in_use", {"export", "run"}, 7, "in use by another.*--output", run_in_use},
        FaultCase{"page_into_a_folder_in_use",
                  {"report", "run", "run", "--output", "run/../run/page.html"},
                  7,
                  "in use by another.*--output",
                  run_in_use},
        FaultCase{"resumed_folder_is_no_run",
                  {"train", "config.yaml", "--resume", "--run-dir", "taken", "--device", "cpu"},
                  7,
                  "taken.*not a run folder",
                  [](FaultFolder& f) { f.write("taken/x", "y"); }},
        in_folder("folder_below_a_file", "reviews.csv/out", 5, "reviews\\.csv/out.*[Nn]ot a directory"),
        in_folder("folder_that_is_a_file", "reviews.csv", 7,
                  "'reviews\\.csv' is a file, and never overwritten"),
        in_folder("folder_that_is_a_device", "/dev/full/out", 5, "/dev/full"),
        in_folder("folder_where_nothing_can_be_made", "/proc/out", 5, "/proc/out"),
        in_folder("folder_with_too_long_a_name", std::string(300, 'x'), 5, "[Nn]ame too long")),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    RunsAsConfigurations, ArgumentFaults,
    ::testing::Values(FaultCase{
        "train_a_run",
        {"train", "run"},
        2,
        "'run' is a run folder: name its configuration, run/config\\.yaml, or go on with the run: bernoulli "
        "train --resume --run-dir run",
        [](FaultFolder& f) { f.write("run/config.yaml", f.read("config.yaml")); }}),
    case_name);

FaultCase of_run(const std::string& name, const std::vector<std::string>& arguments, int exit_code,
                 const std::string& message, const std::string& shell = "exec \"$@\"") {
  return {name, arguments, exit_code, message, copy_trained_run, {}, shell};
}

INSTANTIATE_TEST_SUITE_P(
    InputAndOutput, ArgumentFaults,
    ::testing::Values(
        of_run("doctor_in_a_folder_that_is_gone", {"doctor"}, 5,
               "the working directory is not there any more",
               "mkdir gone && cd gone && rmdir ../gone && exec \"$@\""),
        of_run("comparison_into_a_run", {"stability", "config.yaml", "--output", "run"}, 7,
               "'run' is a run folder, whose files are its own; name another folder with --output"),
        of_run("answers_in_two_forms", {"predict", "run", "--text", "a", "--json", "--format", "tsv"}, 2,
               "--json and --format tsv"),
        of_run("report_of_damaged_events", {"report", "run"}, 0,
               "metrics\\.jsonl': [0-9]+ lines could not be read and are left out",
               "sed -i 's/^./x/' run/metrics.jsonl && exec \"$@\""),
        of_run("report_without_events", {"report", "run"}, 0, "metrics\\.jsonl' has no events",
               ": > run/metrics.jsonl && exec \"$@\""),
        of_run("predict_a_missing_file", {"predict", "run", "nothere.txt"}, 3,
               "nothere\\.txt.* does not exist"),
        of_run("predict_a_folder", {"predict", "run", "run"}, 3, "'run' is a folder"),
        of_run("report_into_nowhere", {"report", "run", "--output", "no/such/page.html"}, 5,
               "no/such/page\\.html.*No such file"),
        of_run("report_of_another_model", {"report", "run", "--set", "model.initializer=torch"}, 2,
               "only keys of data can be set here"),
        of_run("report_with_an_unknown_key", {"report", "run", "--set", "data.rot=elsewhere"}, 2,
               "data\\.rot: unknown key .*did you mean"),
        of_run("report_of_a_run_and_nothing", {"report", "run", "nothing"}, 4,
               "'nothing' does not exist .expected a run folder"),
        of_run("full_output_of_report", {"report", "run"}, 5, "cannot write to standard output",
               "exec \"$@\" > /dev/full"),
        of_run("export_into_nowhere", {"export", "run", "--output", "no/such/model.pt"}, 5,
               "no/such/model\\.pt.*No such file"),
        of_run("export_over_a_folder", {"export", "run", "--output", "run"}, 5, "'run'"),
        of_run("export_weights_into_nowhere",
               {"export", "run", "--format", "safetensors", "--output", "no/such/model.safetensors"}, 5,
               "no/such/model\\.safetensors.*No such file"),
        of_run("export_of_onnx_into_nowhere",
               {"export", "run", "--format", "onnx", "--output", "no/such/model.onnx"}, 5,
               "no/such/model\\.onnx.*No such file"),
        of_run("export_of_a_repository_over_a_folder",
               {"export", "run", "--format", "triton", "--output", "run"}, 7,
               "'run' is there already and is never overwritten"),
        of_run("export_of_a_repository_below_a_file",
               {"export", "run", "--format", "triton", "--output", "reviews.csv/triton"}, 5,
               "reviews\\.csv/triton.*Not a directory"),
        of_run("export_of_unknown_weights", {"export", "run", "--weights", "int4"}, 2,
               "\n--weights int4: export\\.weights: is 'int4' .expected float32, float16 or int8"),
        of_run("export_of_buckets_of_a_vocabulary", {"export", "run", "--buckets", "used"}, 2,
               "\n--buckets used: export\\.buckets: is used, but there are no buckets"),
        of_run("export_with_a_share_above_one", {"export", "run", "--max-changed", "1.5"}, 2,
               "\n--max-changed 1\\.5: export\\.max_changed: is .*out of range"),
        of_run("export_folded_and_not", {"export", "run", "--fold", "--no-fold"}, 2,
               "--fold and --no-fold say the opposite: give one of them"),
        of_run("export_of_unknown_buckets", {"export", "run", "--buckets", "nope"}, 2,
               "\n--buckets nope: export\\.buckets: is 'nope'"),
        of_run("export_with_a_share_of_nothing", {"export", "run", "--max-changed", "0.1"}, 2,
               "\n--max-changed 0\\.1: export\\.max_changed: limits what a smaller table may change"),
        FaultCase{"export_folded_of_a_model_that_does_not_fold",
                  {"export", "run", "--fold"},
                  2,
                  "export\\.fold is true, but .*leave out --fold",
                  [](FaultFolder& f) {
                    f.configure("    - linear: {units: 1}",
                                "    - linear: {units: 2}\n    - relu\n    - linear: {units: 1}");
                    if (f.run(kTrain).exit_code == 0) std::filesystem::rename(f / "out", f / "run");
                  }},
        FaultCase{"export_no_longer_folded_with_a_share",
                  {"export", "run", "--no-fold", "--max-changed", "0.1"},
                  2,
                  "--max-changed 0\\.1: export\\.max_changed: limits what a smaller table may change",
                  [](FaultFolder& f) {
                    f.write("config.yaml", f.read("config.yaml") + "export: {fold: true}\n");
                    if (f.run(kTrain).exit_code == 0) std::filesystem::rename(f / "out", f / "run");
                  }},
        of_run("export_into_a_device", {"export", "run", "--output", "/dev/full/model.pt"}, 5, "/dev/full"),
        of_run("full_output_of_predict", kPredict, 5, "cannot write to standard output: No space left",
               "exec \"$@\" > /dev/full"),
        of_run("full_output_of_evaluate", {"evaluate", "run"}, 5, "cannot write to standard output",
               "exec \"$@\" > /dev/full"),
        of_run("export_onto_a_pipe", {"export", "run", "--output", "pipe"}, 5,
               "cannot write '.*pipe'.*: it is a device, a pipe or a socket",
               "mkfifo pipe && \"$@\"; code=$?; test -p pipe && exit $code"),
        of_run("evaluate_with_another_model", {"evaluate", "run", "--set", "model.initializer=torch"}, 2,
               "only keys of data can be set here"),
        of_run("evaluate_with_an_unknown_key", {"evaluate", "run", "--set", "data.rot=elsewhere"}, 2,
               "data\\.rot: unknown key .*did you mean"),
        of_run("evaluate_in_an_unknown_format",
               {"evaluate", "run", "--data", "reviews.csv", "--format", "xml"}, 2, "--format is 'xml'"),
        of_run("evaluate_a_file_of_an_unknown_kind", {"evaluate", "run", "--data", "rows.dat"}, 3,
               "--data: 'rows\\.dat': the name does not tell the format; say it with --format csv",
               "cp reviews.csv rows.dat && exec \"$@\""),
        of_run("evaluate_a_file_that_may_not_be_looked_for",
               {"evaluate", "run", "--data", std::string(300, 'x') + ".csv"}, 3,
               "cannot look for 'x+\\.csv'"),
        of_run("train_without_an_optional_test_set_that_may_not_be_looked_for",
               {"train", "config.yaml", "--run-dir", "out", "--set",
                "data.test={path: " + std::string(300, 'x') + ".csv, optional: true}"},
               3, "cannot look for './x+\\.csv'"),
        of_run("evaluate_one_file_that_is_not_there",
               {"evaluate", "run", "--data", "reviews.csv", "--data", "nothere.csv"}, 3,
               "--data: 'nothere\\.csv' does not exist"),
        of_run("evaluate_other_data_with_a_root",
               {"evaluate", "run", "--data", "reviews.csv", "--set", "data.root=elsewhere"}, 2,
               "only data\\.columns can be set"),
        of_run("evaluate_with_two_results_on_one_output", {"evaluate", "run", "--json", "--answers", "-"}, 2,
               "--answers - and --json both write to standard output"),
        of_run("evaluate_a_part_of_other_data",
               {"evaluate", "run", "--part", "test", "--data", "reviews.csv"}, 2,
               "--part names a part of the run's own data, and --data other data: give one of them"),
        of_run("evaluate_an_unknown_part", {"evaluate", "run", "--part", "dev"}, 2,
               "--part is 'dev'; it may be train, validation or test"),
        of_run("evaluate_by_a_column_twice",
               {"evaluate", "run", "--data", "reviews.csv", "--by", "label", "--by", "label"}, 2,
               "--by names 'label' twice"),
        of_run("evaluate_at_no_threshold", {"evaluate", "run", "--threshold", "half"}, 2,
               "--threshold is half; expected a number above 0 and below 1, or LABEL= with such a number"),
        of_run("evaluate_at_a_threshold_of_a_label_that_is_none",
               {"evaluate", "run", "--threshold", "good=1"}, 2, "--threshold is good=1; expected a number"),
        of_run("evaluate_at_two_thresholds", {"evaluate", "run", "--threshold", "0.3", "--threshold", "0.4"},
               2, "--threshold 0.4: there is one already for all labels"),
        of_run("predict_at_a_threshold_of_an_unknown_label",
               {"predict", "run", "--threshold", "fine=0.3", "--text", "x"}, 2,
               "--threshold fine=0.3: the one threshold of this model is on the probability of "),
        of_run("answers_over_a_file_of_the_run", {"evaluate", "run", "--answers", "run/summary.json"}, 2,
               "--answers run/summary\\.json: the run itself needs that file"),
        of_run("answers_over_the_model", {"evaluate", "run/model.pt", "--answers", "run/model.pt"}, 2,
               "--answers run/model\\.pt: the run itself needs that file"),
        of_run("answers_over_the_data",
               {"evaluate", "run", "--data", "reviews.csv", "--answers", "reviews.csv"}, 2,
               "--answers reviews\\.csv: the run itself needs that file"),
        of_run("answers_over_the_data_of_the_run", {"evaluate", "run", "--answers", "reviews.csv"}, 2,
               "--answers reviews\\.csv: the run itself needs that file"),
        of_run("answers_about_others_over_the_data_of_the_run",
               {"evaluate", "run", "--data", "other.csv", "--answers", "reviews.csv"}, 2,
               "--answers reviews\\.csv: the run itself needs that file",
               "cp reviews.csv other.csv && exec \"$@\""),
        of_run("answers_over_the_data_of_the_run_by_a_link", {"evaluate", "run", "--answers", "link.csv"}, 2,
               "--answers link\\.csv: the run itself needs that file",
               "ln -s reviews.csv link.csv && exec \"$@\""),
        of_run("answers_over_a_text_of_class_folders",
               {"evaluate", "run", "--data", "films", "--answers", "films/bad/1.txt"}, 2,
               "--answers films/bad/1\\.txt: the run itself needs that file",
               "mkdir -p films/bad films/good && echo a >films/bad/1.txt && exec \"$@\""),
        of_run("answers_over_the_page", {"evaluate", "run", "--answers", "run/report.html"}, 2,
               "--answers run/report\\.html: the run itself needs that file"),
        of_run("page_over_the_data", {"report", "run", "--output", "reviews.csv"}, 2,
               "--output reviews\\.csv: the run itself needs that file"),
        of_run("page_over_the_model", {"report", "run", "--output", "run/model.pt"}, 2,
               "--output run/model\\.pt: the run itself needs that file"),
        of_run("page_over_the_lock", {"report", "run", "--output", "run/.lock"}, 2,
               "--output run/\\.lock: the run itself needs that file"),
        of_run("page_of_several_over_that_of_one", {"report", "run", "run", "--output", "run/report.html"}, 2,
               "--output run/report\\.html: the run itself needs that file"),
        of_run("model_over_the_data", {"export", "run", "--output", "reviews.csv"}, 2,
               "--output reviews\\.csv: the run itself needs that file"),
        of_run("network_over_the_model", {"export", "run", "--format", "onnx", "--output", "run/model.pt"}, 2,
               "--output run/model\\.pt: the run itself needs that file"),
        of_run("weights_over_the_page",
               {"export", "run", "--format", "safetensors", "--output", "run/report.html"}, 2,
               "--output run/report\\.html: the run itself needs that file"),
        of_run("weights_into_the_repository",
               {"export", "run", "--format", "safetensors", "--output", "run/triton/weights"}, 2,
               "--output run/triton/weights: the run itself needs that file"),
        of_run("answers_on_a_full_disk", {"evaluate", "run", "--answers", "/dev/full"}, 5, "/dev/full"),
        of_run("predict_of_no_labels", {"predict", "run", "--top", "0"}, 2,
               "--top is 0; expected 1 or more labels"),
        of_run("predict_of_the_top_with_shares", {"predict", "run", "--top", "1", "--explain"}, 2,
               "--explain gives the shares of every label.*leave out --top"),
        of_run("predict_of_labelled_lines_with_a_column", {"predict", "run", "reviews.ft", "--keep", "id"}, 2,
               "--keep copies columns, and the texts are plain lines"),
        of_run("predict_of_lines_with_a_column", {"predict", "run", "--text-column", "body"}, 2,
               "--text-column names a column, and the texts are plain lines; say --input csv"),
        of_run("predict_of_lines_with_a_column_to_keep", {"predict", "run", "lines.txt", "--keep", "id"}, 2,
               "--keep copies columns, and the texts are plain lines, which have none; say --input csv"),
        of_run("predict_of_lines_with_a_header",
               {"predict", "run", "lines.txt", "--set", "data.columns.header=true"}, 2,
               "--set says how columns are written, and the texts are plain lines; say --input csv"),
        of_run("predict_with_a_label_column",
               {"predict", "run", "reviews.csv", "--set", "data.columns.label=x"}, 2,
               "--set data\\.columns\\.label=x: expected data\\.columns\\.KEY=VALUE, where KEY may be text, "
               "text_separator, header, quote, delimiter"),
        of_run("predict_of_json_with_a_delimiter",
               {"predict", "run", "a.jsonl", "--set", "data.columns.delimiter=;"}, 2,
               "where KEY may be text"),
        of_run("predict_of_words_with_a_column_to_keep",
               {"predict", "run", "--text", "a film", "--keep", "id"}, 2,
               "--keep says how a FILE is read, and the texts come from --text"),
        of_run("predict_with_a_column_kept_twice",
               {"predict", "run", "reviews.csv", "--keep", "id", "--keep", "id"}, 2,
               "--keep names 'id' twice"),
        of_run("predict_of_words_with_an_input", {"predict", "run", "--text", "a film", "--input", "jsonl"},
               2, "the texts come from --text"),
        of_run("predict_of_an_unknown_input", {"predict", "run", "--input", "xml"}, 2, "--input is 'xml'"),
        of_run("closed_output_of_predict", kPredict, 5, "standard output", "exec \"$@\" >&-"),
        FaultCase{"full_output_of_config",
                  {"config", "schema"},
                  5,
                  "cannot write to standard output",
                  [](FaultFolder&) {},
                  {},
                  "exec \"$@\" > /dev/full"},
        FaultCase{"file_size_limit", kTrain, 5, "out/", [](FaultFolder&) {}, {}, "ulimit -f 1; exec \"$@\""}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Numbers, ArgumentFaults,
    ::testing::Values(FaultCase{"rate_beyond_all_reason", kTrain, 6, "step [0-9]+",
                                [](FaultFolder& f) { f.configure("lr: 0.05", "lr: 1.0e+30"); }},
                      FaultCase{"rate_times_factor_beyond_float32", kTrain, 6,
                                "a product of numbers of the configuration does not fit in float32",
                                [](FaultFolder& f) {
                                  f.configure("adam: {lr: 0.05}", "rmsprop: {lr: 1.0e+30}");
                                  f.configure("seed: 5",
                                              "seed: 5, schedule: {one_cycle: {max_factor: 1e+30}}");
                                }}),
    case_name);

/// A closed standard output must not become the descriptor of a file of the run, or the summary would land in
/// it.
TEST(Arguments, AClosedOutputDoesNotEndUpInTheRun) {
  FaultFolder folder;
  const ProgramResult result = folder.run(kTrain, {}, "exec \"$@\" >&-");
  EXPECT_EQ(result.exit_code, 5) << result.err;
  std::ifstream log(folder / "out/metrics.jsonl");
  int num_lines = 0;
  for (std::string line; std::getline(log, line); ++num_lines)
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  EXPECT_GT(num_lines, 0);
}

TEST(Arguments, AnErrorThatNobodyReadsKeepsItsCode) {
  FaultFolder folder;
  for (const char* shell : {"exec \"$@\" 2>&-", "exec \"$@\" 2>/dev/full"}) {
    const ProgramResult absent = folder.run({"predict", "nothere", "--text", "a"}, {}, shell);
    EXPECT_EQ(absent.exit_code, 4) << shell;
    EXPECT_EQ(absent.err, "");
    EXPECT_EQ(folder.run({"nosuchverb"}, {}, shell).exit_code, 2) << shell;
  }
  const ProgramResult left =
      folder.run({"nosuchverb"}, {}, "exec 3>&1; { sleep 0.2; \"$@\" 2>&1; echo \"code $?\" >&3; } | true");
  EXPECT_THAT(left.out, ::testing::HasSubstr("code 2"));
}

// Odd, but sound: the other side of the tables.
using Tolerated = Faults;
TEST_P(Tolerated, Works) { check_fault(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Odd, Tolerated,
    ::testing::Values(
        FaultCase{"byte_order_mark_and_line_ends_of_windows", kCheck, 0, "",
                  [](FaultFolder& f) {
                    std::string text = "\xef\xbb\xbf";
                    for (const char c : f.read("config.yaml"))
                      text += c == '\n' ? std::string("\r\n") : std::string(1, c);
                    f.write("config.yaml", text);
                  }},
        FaultCase{"an_empty_text_behind_its_equal_sign",
                  {"predict", "run", "--text="},
                  0,
                  "engine: native",
                  copy_trained_run},
        FaultCase{
            "no_folder_for_temporary_files", kTrain, 0, "", [](FaultFolder&) {}, {"TMPDIR=/nonexistent"}},
        FaultCase{
            "optional_test_missing", kTrain, 0, "test\\.csv",
            [](FaultFolder& f) { f.configure("task:", "  test: {path: test.csv, optional: true}\ntask:"); }},
        FaultCase{"table_from_windows", kTrain, 0, "",
                  [](FaultFolder& f) {
                    std::string rows = "\xef\xbb\xbf";
                    for (const char c : sound_rows())
                      rows += c == '\n' ? std::string("\r\n") : std::string(1, c);
                    f.write("reviews.csv", rows);
                  }},
        FaultCase{"texts_of_any_bytes", kTrain, 0, "",
                  [](FaultFolder& f) {
                    f.write("reviews.csv",
                            sound_rows() + std::string("nul\0byte \xff\xfe broken,good\n", 24) + ",bad\n");
                  }},
        FaultCase{
            "one_class_only", kTrain, 0, "warning: .*class|warning: .*label",
            [](FaultFolder& f) { f.write("reviews.csv", "text,label\na,good\nb,good\nc,good\nd,good\n"); }},
        FaultCase{"gzip_in_name_only", kTrain, 0, "",
                  [](FaultFolder& f) { f.train_on("rows.csv.gz", sound_rows()); }},
        FaultCase{"batch_larger_than_the_data", kTrain, 0, "",
                  [](FaultFolder& f) { f.configure("batch_size: 4", "batch_size: 1000000"); }},
        FaultCase{
            "page_of_a_run_in_use_elsewhere", {"report", "run", "--output", "page.html"}, 0, "", run_in_use},
        FaultCase{"page_of_a_run_against_itself_inside_it",
                  {"report", "run", "run", "--output", "run/page.html"},
                  0,
                  "",
                  copy_trained_run},
        FaultCase{"page_in_the_place_of_the_usual_one",
                  {"report", "run", "--output", "run/../run/report.html"},
                  0,
                  "",
                  copy_trained_run},
        FaultCase{"answers_beside_an_exported_file",
                  {"evaluate", "alone/model.pt", "--data", "reviews.csv", "--answers", "alone/report.html"},
                  0,
                  "",
                  copy_trained_run,
                  {},
                  "mkdir alone && cp run/model.pt alone && exec \"$@\""},
        FaultCase{"names_with_spaces",
                  {"train", "config.yaml", "--run-dir", "a run \xc3\xa9", "--device", "cpu"},
                  0,
                  ""}),
    case_name);

TEST(Doctor, TakesAFolderForTemporaryFilesWithAnyName) {
  const FaultFolder folder;
  const std::filesystem::path odd = folder.path() / "a: b #c";
  std::filesystem::create_directory(odd);
  const ProgramResult result = folder.run({"doctor"}, {"TMPDIR=" + odd.string()});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST(Doctor, TellsOfAFolderForTemporaryFilesThatIsNotThere) {
  const FaultFolder folder;
  const ProgramResult text = folder.run({"doctor"}, {"TMPDIR=/nonexistent"});
  EXPECT_EQ(text.exit_code, 5) << text.err;
  EXPECT_THAT(text.out,
              ::testing::ContainsRegex("libtorch .*self_train_fault .*/nonexistent.*set TMPDIR to"));
  const ProgramResult json = folder.run({"doctor", "--json"}, {"TMPDIR=/nonexistent"});
  EXPECT_EQ(json.exit_code, 5) << json.err;
  EXPECT_THAT(json.out, ::testing::ContainsRegex("\"self_train_accuracy\": null.*\"healthy\": false"));
}

}  // namespace
}  // namespace bernoulli::testing
