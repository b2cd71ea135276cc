#include "train/label_match.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/log.h"
#include "core/name_list.h"

namespace bernoulli {

LabelMatch::LabelMatch(LabelsOfModel here, LabelsOfModel there)
    : here_(std::move(here)),
      there_(std::move(there)),
      way_(way()),
      names_(here_.labels.output_names()),
      taken_(names_.size()) {
  for (const std::string& name : there_.labels.output_names())
    place_there_.emplace(name, static_cast<int64_t>(place_there_.size()));
}

LabelMatch::Way LabelMatch::way() const {
  const bool in_rows = std::ranges::any_of(here_.rows.first_label, [&](const auto& entry) {
    return there_.rows.first_label.contains(entry.first);
  });
  if (!in_rows) return Way::kByPlace;
  const Labels &now = here_.labels, &before = there_.labels;
  if (now.num_outputs() > 1 || before.num_outputs() > 1 || now.names == before.names) return Way::kByName;
  const bool turned = now.names.size() == 2 && before.names.size() == 2 &&
                      now.names.front() == before.names.back() && now.names.back() == before.names.front();
  return turned && here_.rows.are_odd && there_.rows.are_odd ? Way::kNegated : Way::kByPlace;
}

bool LabelMatch::matches(const std::string& tensor) const {
  return way_ != Way::kByPlace && here_.rows.first_label.contains(tensor) &&
         there_.rows.first_label.contains(tensor);
}

SameRows LabelMatch::rows(const std::string& tensor, int64_t num_here, int64_t num_there) const {
  if (way_ == Way::kNegated && num_there > 0) return {{0}, {0}, ""};
  const int64_t first_here = here_.rows.first_label.at(tensor),
                first_there = there_.rows.first_label.at(tensor);
  SameRows rows;
  for (int64_t row = 0; row < num_here; ++row) {
    const auto found = place_there_.find(names_.at(static_cast<size_t>(first_here + row)));
    if (found == place_there_.end()) continue;
    const int64_t row_there = found->second - first_there;
    if (row_there < 0 || row_there >= num_there) continue;  // of another branch there
    rows.here.push_back(row);
    rows.there.push_back(row_there);
  }
  if (rows.here.empty()) rows.fault = "none of its rows there is of a label that this model has";
  return rows;
}

void LabelMatch::note_taken(const std::string& tensor, const SameRows& rows) {
  const int64_t first = here_.rows.first_label.at(tensor);
  for (const int64_t row : rows.here) taken_[static_cast<size_t>(first + row)] = true;
}

LabelMatch::Outcome LabelMatch::outcome() const {
  Outcome outcome;
  std::map<std::string, int64_t> unused = place_there_;
  for (size_t label = 0; label < names_.size(); ++label) {
    (taken_[label] ? outcome.taken : outcome.drawn).push_back(names_[label]);
    if (taken_[label]) unused.erase(names_[label]);
  }
  if (way_ == Way::kNegated) return outcome;  // its one logit is named otherwise there
  for (const std::string& name : there_.labels.output_names())
    if (unused.contains(name)) outcome.unused.push_back(name);
  return outcome;
}

void LabelMatch::log(const std::string& earlier) const {
  const std::vector<std::string>&before = there_.labels.names, &now = here_.labels.names;
  if (before == now) return;
  if (way_ == Way::kByPlace) {
    log_warning(fmt::format("the weights of {} were trained for the labels {}, and these are {}", earlier,
                            item_list(before), item_list(now)));
    return;
  }
  if (way_ == Way::kNegated) {
    log_info(fmt::format("the labels of {} are {}, these the other way round: its logit starts negated",
                         earlier, item_list(before)));
    return;
  }
  const Outcome labels = outcome();
  const auto listed = [](const std::vector<std::string>& names) {
    return names.empty() ? std::string("none") : name_list(names);
  };
  log_info(fmt::format("labels that start from {}, by name: {}; drawn: {}; not used: {}", earlier,
                       listed(labels.taken), listed(labels.drawn), listed(labels.unused)));
}

nlohmann::ordered_json LabelMatch::to_json() const {
  if (way_ == Way::kByPlace) return {{"matched", "by place"}};
  const Outcome labels = outcome();
  return {{"matched", way_ == Way::kNegated ? "negated" : "by name"},
          {"taken", labels.taken},
          {"drawn", labels.drawn},
          {"unused", labels.unused}};
}

}  // namespace bernoulli
