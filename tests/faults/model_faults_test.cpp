// Damaged or foreign runs, checkpoints and exported files: exit code 4, and nothing in them is run.

#include <nlohmann/json.hpp>

#include "faults/fault_case.h"

namespace bernoulli::testing {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> checkpoints_in(const FaultFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "run/checkpoints"))
    names.push_back("run/checkpoints/" + entry.path().filename().string());
  return names;
}

using Damage = std::function<void(FaultFolder&)>;
using FileDamage = std::function<void(FaultFolder&, const std::string&)>;

Damage copied_then(const Damage& damage) {
  return [damage](FaultFolder& folder) {
    copy_trained_run(folder);
    damage(folder);
  };
}

using ModelFaults = Faults;
TEST_P(ModelFaults, AreRefused) { check_fault(GetParam()); }

TEST(ModelFiles, OfASoundRunPredict) {
  FaultFolder folder;
  copied_then([](FaultFolder&) {})(folder);
  for (const char* model : {"run", "run/model.pt"}) {
    const ProgramResult result = folder.run({"predict", model, "--text", "a fine film"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, ::testing::ContainsRegex("^\\{\"label\":")) << model;
  }
}

TEST(ModelFiles, ADamagedDataJsonIsWrittenAnewByResume) {
  FaultFolder folder;
  copy_trained_run(folder);
  const std::string sound = folder.read("run/data.json");
  for (const std::string& damaged : {std::string(), sound.substr(0, sound.size() / 2), std::string("[]")}) {
    folder.write("run/data.json", damaged);
    const ProgramResult result = folder.run({"train", "--resume", "--run-dir", "run", "--device", "cpu"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.err, ::testing::HasSubstr("it is written anew"));
    EXPECT_EQ(folder.read("run/data.json"), sound);
  }
}

/// `file` takes the place of an exported file.
FaultCase exported(const std::string& name, const std::string& message, const FileDamage& damage) {
  return {name,
          {"predict", "run/model.pt", "--text", "a film"},
          4,
          "model\\.pt.*" + message,
          copied_then([damage](FaultFolder& folder) { damage(folder, "run/model.pt"); })};
}

FileDamage content(const std::string& bytes) {
  return [bytes](FaultFolder& folder, const std::string& file) { folder.write(file, bytes); };
}

std::string golden_bytes(const std::string& name) {
  return read_file(fs::path(BERNOULLI_TEST_SOURCE_DIR) / "golden" / name);
}

// What Python's pickle.dumps(os.system) begins with, and an empty zip archive.
const std::string kPickle("\x80\x04\x95\x15\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix", 18);
const std::string kEmptyZip = std::string("PK\x05\x06", 4) + std::string(18, '\0');

void cut_in_half(FaultFolder& folder, const std::string& file) {
  folder.truncate(file, fs::file_size(folder / file) / 2);
}
void cut_last_byte(FaultFolder& folder, const std::string& file) {
  folder.truncate(file, fs::file_size(folder / file) - 1);
}
void flip_middle(FaultFolder& folder, const std::string& file) {
  folder.flip_bit(file, fs::file_size(folder / file) / 2);
}
void flip_last(FaultFolder& folder, const std::string& file) {
  folder.flip_bit(file, fs::file_size(folder / file) - 1);
}

/// Flips a bit of a token of the vocabulary: not of padding, which nobody would notice.
void flip_payload(FaultFolder& folder, const std::string& file) {
  const std::string bytes = folder.read(file);
  const size_t at = bytes.find("fine");
  if (at == std::string::npos)
    throw std::runtime_error("the exported file does not hold its vocabulary in plain sight");
  folder.flip_bit(file, at);
}

INSTANTIATE_TEST_SUITE_P(
    ExportedFile, ModelFaults,
    ::testing::Values(
        exported("file_missing", "",
                 [](FaultFolder& folder, const std::string& file) { fs::remove(folder / file); }),
        exported("file_empty", "", content("")),
        exported("file_of_random_bytes", "", content(std::string("\x7f\x03\x9c\xf1\x55\xaa random", 13))),
        exported("file_of_text", "", content("a fine film\n")), exported("file_cut_in_half", "", cut_in_half),
        exported("file_without_its_last_byte", "", cut_last_byte),
        exported("file_with_a_flipped_word", "", flip_payload),
        exported("file_pickled", "", content(kPickle)),
        exported("file_of_an_empty_zip", "", content(kEmptyZip)),
        exported("file_that_another_program_scripted", "", content(golden_bytes("plain_torchscript.pt"))),
        exported("file_that_is_a_checkpoint", "checkpoint|safetensors|TorchScript",
                 [](FaultFolder& folder, const std::string& file) {
                   fs::copy_file(folder / checkpoints_in(folder).front(), folder / file,
                                 fs::copy_options::overwrite_existing);
                 })),
    case_name);

/// Every checkpoint of the run is damaged, so that none can stand in for another.
FaultCase checkpoint(const std::string& name, const std::string& message, const FileDamage& damage) {
  return {name,
          {"predict", "run", "--text", "a film"},
          4,
          "step-[0-9]+\\.safetensors.*" + message,
          copied_then([damage](FaultFolder& folder) {
            for (const std::string& file : checkpoints_in(folder)) damage(folder, file);
          })};
}

INSTANTIATE_TEST_SUITE_P(
    Checkpoint, ModelFaults,
    ::testing::Values(
        checkpoint("checkpoint_missing", "train --resume --run-dir run",
                   [](FaultFolder& folder, const std::string& file) { fs::remove(folder / file); }),
        checkpoint("checkpoint_empty", "0 bytes are too few", content("")),
        checkpoint("checkpoint_of_random_bytes", "not a whole safetensors file",
                   content("\x07\x03random, more or less")),
        checkpoint("checkpoint_with_an_absurd_header", "its header claims 9223372036854775807 bytes",
                   content("\xff\xff\xff\xff\xff\xff\xff\x7f{\"a\":1}")),
        checkpoint("checkpoint_cut_in_half", "not a whole safetensors file", cut_in_half),
        checkpoint("checkpoint_without_its_last_byte", "not a whole safetensors file", cut_last_byte),
        checkpoint("checkpoint_with_a_flipped_bit", "checksum", flip_middle),
        checkpoint("checkpoint_with_its_last_bit_flipped", "checksum", flip_last),
        checkpoint("checkpoint_pickled", "Python pickle.*nothing in it was run", content(kPickle)),
        checkpoint("checkpoint_zipped", "TorchScript or zip.*nothing in it was run",
                   content("PK\x03\x04" + std::string(100, 'x'))),
        checkpoint("checkpoint_that_is_an_exported_file", "TorchScript or zip",
                   [](FaultFolder& folder, const std::string& file) {
                     fs::copy_file(folder / "run/model.pt", folder / file,
                                   fs::copy_options::overwrite_existing);
                   })),
    case_name);

Damage with_value(const std::string& file, const std::string& key, const nlohmann::json& value) {
  return [=](FaultFolder& folder) {
    nlohmann::json json = nlohmann::json::parse(folder.read(file));
    json[key] = value;
    folder.write(file, json.dump());
  };
}

const std::string kDeepJson = std::string(200000, '[') + std::string(200000, ']');

FaultCase run_folder(const std::string& name, const std::string& message, const Damage& damage) {
  return {name, {"predict", "run", "--text", "a film"}, 4, message, copied_then(damage)};
}

INSTANTIATE_TEST_SUITE_P(
    RunFolder, ModelFaults,
    ::testing::Values(
        FaultCase{"model_missing", {"predict", "nothere", "--text", "a film"}, 4, "nothere"},
        run_folder("folder_empty", "run",
                   [](FaultFolder& f) {
                     fs::remove_all(f / "run");
                     create_folder(f / "run");
                   }),
        run_folder("no_checkpoint", "no checkpoint",
                   [](FaultFolder& f) {
                     fs::remove_all(f / "run/checkpoints");
                     fs::remove(f / "run/summary.json");
                   }),
        run_folder("summary_broken", "summary\\.json.*damaged.*train --resume --run-dir run",
                   [](FaultFolder& f) { f.write("run/summary.json", "{\"checkpoint\": "); }),
        FaultCase{"summary_broken_below_a_name_with_a_space",
                  {"predict", "my run", "--text", "a film"},
                  4,
                  "summary\\.json.*damaged.*train --resume --run-dir 'my run' ends the run anew",
                  copied_then([](FaultFolder& f) {
                    fs::rename(f / "run", f / "my run");
                    f.write("my run/summary.json", "{\"checkpoint\": ");
                  })},
        run_folder("summary_without_a_checkpoint", "summary\\.json.*damaged.*train --resume --run-dir run",
                   [](FaultFolder& f) { f.write("run/summary.json", "{}"); }),
        run_folder(
            "configuration_with_another_text_pipeline",
            "config\\.yaml' is not the configuration that the weights of step [0-9]+ were trained with.*"
            "text\\.standardize: \\[.*lowercase.* in the checkpoint, \\[\\] in config\\.yaml",
            [](FaultFolder& f) {
              std::string config = f.read("run/config.yaml");
              const size_t begin = config.find("  standardize:"), end = config.find("\n  split:", begin);
              f.write("run/config.yaml", config.replace(begin, end - begin, "  standardize: []"));
            }),
        run_folder("checkpoint_of_another_end_of_the_run",
                   "step-0+[0-9]+\\.safetensors' is another checkpoint than that which the training ended "
                   "with.*summary\\.json' has 0123.*restore it; bernoulli train --resume",
                   with_value("run/summary.json", "checkpoint_checksum", "0123")),
        run_folder("summary_with_a_temperature_that_turns_answers_round", "it has the temperature -1",
                   with_value("run/summary.json", "temperatures", {-1.0})),
        run_folder("summary_without_a_threshold", "run 'run' is damaged: it has 0 thresholds for 1 outputs",
                   with_value("run/summary.json", "thresholds", nlohmann::json::array())),
        run_folder("summary_with_a_temperature_more", "it has 2 temperatures for 1 outputs",
                   with_value("run/summary.json", "temperatures", {1.0, 2.0})),
        run_folder("summary_with_a_shift_more", "it has 2 shifts for 1 outputs",
                   with_value("run/summary.json", "shifts", {1.0, 2.0})),
        run_folder("summary_with_a_shift_beyond_float32", "it has the shift 1e\\+300",
                   with_value("run/summary.json", "shifts", {1e300})),
        run_folder("data_json_with_a_weight_more", "it has 3 pos_weights for 1 outputs",
                   with_value("run/data.json", "pos_weight", {1.0, 2.0, 3.0})),
        run_folder("summary_of_the_wrong_type", "summary\\.json' is damaged: it is JSON of type array",
                   [](FaultFolder& f) { f.write("run/summary.json", "[1, 2]"); }),
        run_folder("summary_nested_deep",
                   "summary\\.json' is damaged: it is no JSON, or nested more than 64 levels",
                   [](FaultFolder& f) { f.write("run/summary.json", kDeepJson); }),
        FaultCase{"environment_nested_deep",
                  {"report", "run"},
                  4,
                  "environment\\.json' is damaged: it is no JSON, or nested more than 64 levels",
                  copied_then([](FaultFolder& f) { f.write("run/environment.json", kDeepJson); })},
        FaultCase{"report_of_damaged_checkpoints",
                  {"report", "run"},
                  4,
                  "report\\.html' stays as it is.*checksum.*--output FILE",
                  checkpoint("", "", flip_middle).prepare},
        run_folder("data_json_missing", "data\\.json",
                   [](FaultFolder& f) { fs::remove(f / "run/data.json"); }),
        run_folder("data_json_broken", "data\\.json.*damaged",
                   [](FaultFolder& f) { f.write("run/data.json", "\x01"); }),
        run_folder("data_json_empty", "data\\.json' is damaged.*train --resume --run-dir run writes it anew",
                   [](FaultFolder& f) { f.write("run/data.json", ""); }),
        run_folder("data_json_of_a_list",
                   "data\\.json' is damaged: it is JSON of type array \\(expected an object\\)",
                   [](FaultFolder& f) { f.write("run/data.json", "[]"); }),
        run_folder("data_json_with_a_word_for_weights",
                   "data\\.json' is damaged: pos_weight: type must be array, but is string; bernoulli train",
                   with_value("run/data.json", "pos_weight", "x")),
        run_folder("summary_with_a_number_for_a_checkpoint",
                   "summary\\.json' is damaged: checkpoint: type must be string, but is number; bernoulli",
                   with_value("run/summary.json", "checkpoint", 5)),
        run_folder("data_json_without_labels", "data\\.json' is damaged: labels: is missing",
                   [](FaultFolder& f) { f.write("run/data.json", "{\"pos_weight\": []}"); }),
        run_folder("data_json_with_one_label", "data\\.json' is damaged: labels: 1 labels are listed",
                   [](FaultFolder& f) {
                     f.write("run/data.json",
                             R"({"labels": {"kind": "binary", "names": ["a"]}, "pos_weight": []})");
                   }),
        run_folder("config_missing", "config\\.yaml",
                   [](FaultFolder& f) { fs::remove(f / "run/config.yaml"); }),
        run_folder("config_broken", "configuration that does not load",
                   [](FaultFolder& f) { f.write("run/config.yaml", "{foo:"); }),
        run_folder("config_of_another_shape", "embedding",
                   [](FaultFolder& f) {
                     f.write("run/config.yaml", replaced(f.read("run/config.yaml"), "dim: 4", "dim: 5"));
                   }),
        run_folder("vocabulary_missing", "vocabulary\\.txt",
                   [](FaultFolder& f) { fs::remove(f / "run/vocabulary.txt"); }),
        run_folder("vocabulary_with_one_token_more", "",
                   [](FaultFolder& f) {
                     f.write("run/vocabulary.txt", f.read("run/vocabulary.txt") + "more\n");
                   }),
        run_folder("vocabulary_of_another_run", "vocabulary",
                   [](FaultFolder& f) {
                     f.write("run/vocabulary.txt",
                             replaced(f.read("run/vocabulary.txt"), "fine\n", "vile\n"));
                   })),
    case_name);

INSTANTIATE_TEST_SUITE_P(Resume, ModelFaults,
                         ::testing::Values(FaultCase{
                             "nothing_whole_to_resume_from",
                             {"train", "--resume", "--run-dir", "run", "--device", "cpu"},
                             4,
                             "no checkpoint in .* is whole.*nothing was changed",
                             checkpoint("", "", flip_middle).prepare}),
                         case_name);

}  // namespace
}  // namespace bernoulli::testing
