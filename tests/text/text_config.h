#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "config/run_config.h"

namespace bernoulli::testing {

inline KindConfig step(const std::string& kind) { return {kind, nlohmann::ordered_json::object(), ""}; }

inline KindConfig replace_step(const std::string& from, const std::string& to) {
  return {"replace", {{"from", from}, {"to", to}}, ""};
}

inline KindConfig mask_step(const std::string& kind, const std::string& token) {
  return {kind, {{"token", token}}, ""};
}

inline TextConfig text_config(std::initializer_list<KindConfig> steps) {
  TextConfig config;
  config.standardize = steps;
  return config;
}

/// The preprocessing of the Keras text-classification tutorial, without its limits.
inline TextConfig tutorial_config() {
  return text_config({step("lowercase"), replace_step("<br />", " "), step("strip_punctuation")});
}

}  // namespace bernoulli::testing
