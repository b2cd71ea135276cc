#pragma once

#include <optional>
#include <string>

#include "config/load.h"
#include "store/run_paths.h"
#include "tensor/checkpoint.h"
#include "train/make_step.h"

namespace bernoulli::cli {

/// @param saved  the configuration of the run that `loaded` is to go on with
/// @throws UsageError naming every key that differs and that a resumed run may not change
void check_continues(const RunPaths& paths, const config::LoadedConfig& saved,
                     const config::LoadedConfig& loaded);

/// What a resumed run may not change, as JSON: what its checkpoints keep (TrainingParts::settings).
std::string settings_text(const config::LoadedConfig& loaded);

/// For a checkpoint that was brought from another run, or a config.yaml that was edited. Keys that the
/// program which saved it did not know are not compared; of an earlier one, which kept no settings, none are.
/// @param loaded  what check_continues let pass
/// @throws ArtifactError naming every key that differs
void check_belongs(const Checkpoint& checkpoint, const config::LoadedConfig& loaded);

/// Where the configuration leaves the engine open, that which trained so far: another one gives other last
/// digits. @param checkpoint  that is gone on from, if there is one
RunConfig with_engine_of(RunConfig config, const std::optional<Checkpoint>& checkpoint);

/// A run of the fused engine may go on in several processes, though not to the very bytes.
void warn_of_other_engine(const std::optional<Checkpoint>& checkpoint, const EngineChoice& engine);

}  // namespace bernoulli::cli
