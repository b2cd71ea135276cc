#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "data/audit.h"
#include "report/html.h"
#include "report/sections.h"

namespace bernoulli::report {
namespace {

constexpr size_t kMostLabels = 12;  ///< with more of them, counts fold away

std::vector<std::string> splits_of(const Json& data) {
  std::vector<std::string> splits;
  for (const char* split : {"train", "validation", "test"}) {
    if (data.contains(split)) splits.emplace_back(split);
  }
  return splits;
}

std::string quantiles(const Json& of) {
  if (of.is_null()) return "–";
  return fmt::format("{} / {} / {} / {}", plain(of.at("min")), plain(of.at("median")), plain(of.at("p95")),
                     plain(of.at("max")));
}

std::string percent(const Json& share) {
  return share.is_number() ? fmt::format("{:.2f} %", 100 * share.get<double>()) : "–";
}

/// Runs of older programs lack some counts.
std::string count_where_known(const Json& count) {
  return count.is_number() ? grouped(count.get<int64_t>()) : "–";
}

std::string audit_table(const Json& data) {
  const std::vector<std::string> splits = splits_of(data);
  std::vector<std::string> head = {""};
  head.insert(head.end(), splits.begin(), splits.end());
  Table table(head);
  const auto row = [&](const char* name, const auto& cell) {
    std::vector<std::string> cells = {name};
    for (const std::string& split : splits) cells.push_back(cell(data.at(split), split));
    table.row(cells);
  };
  const auto count_row = [&](const char* name, const char* key) {
    row(name, [&](const Json& split, const std::string&) { return grouped(split.at(key).get<int64_t>()); });
  };
  count_row("examples", "examples");
  row("bytes of a text: least / median / 95 % / most",
      [](const Json& split, const std::string&) { return quantiles(split.at("bytes")); });
  row("tokens of a text: least / median / 95 % / most",
      [](const Json& split, const std::string&) { return quantiles(split.at("tokens")); });
  row("texts that fill text.sequence_length, and may be cut", [](const Json& split, const std::string&) {
    return count_where_known(split.value("texts_that_fill_sequence_length", Json()));
  });
  row("tokens unknown to the vocabulary",
      [](const Json& split, const std::string&) { return percent(split.at("unknown_token_rate")); });
  count_row("texts that repeat another", "duplicate_texts");
  row("of them with other labels", [](const Json& split, const std::string&) {
    return count_where_known(split.value("conflicting_labels", Json::object()).value("texts", Json()));
  });
  row("texts that stand in the training data too", [&](const Json&, const std::string& name) {
    const Json& overlaps = data.at("also_in_train");
    return overlaps.contains(name) ? grouped(overlaps[name].at("texts").get<int64_t>()) : std::string();
  });
  row("texts that stand there but for case, punctuation and spaces",
      [&](const Json&, const std::string& name) {
        const Json variants = data.value("variants_in_train", Json::object()).value(name, Json());
        return variants.is_object() ? grouped(variants.at("texts").get<int64_t>()) : std::string();
      });
  if (data.contains("groups_in_train")) {
    count_row("groups (data.columns.group)", "groups");
    row("groups that have training examples too", [&](const Json&, const std::string& name) {
      const Json& shared = data["groups_in_train"];
      return shared.contains(name) ? grouped(shared[name].at("groups").get<int64_t>()) : std::string();
    });
  }
  count_row("empty texts", "empty_texts");
  count_row("texts without a token", "texts_without_tokens");
  row("texts that are not UTF-8", [](const Json& split, const std::string&) {
    return grouped(split.at("not_utf8").at("texts").get<int64_t>());
  });
  row("fingerprint", [](const Json& split, const std::string&) {
    return fmt::format("<code>{}</code>", escape_html(plain(split.at("fingerprint"))));
  });
  return table.html();
}

/// Of sources that have several.
std::string files_table(const Json& data) {
  if (!data.contains("files")) return "";
  Table table({"source", "file", "examples"});
  size_t count = 0;
  for (const auto& [source, files] : data["files"].items()) {
    for (const Json& file : files) {
      table.row({source, escape_html(plain(file.at("path"))), grouped(file.at("examples").get<int64_t>())});
      ++count;
    }
  }
  return details(fmt::format("The {} files", count), table.html());
}

std::string left_out_labels(const Json& data) {
  if (!data.contains("left_out_labels")) return "";
  Table table({"label", "examples of the training source"});
  for (const auto& [label, count] : data["left_out_labels"].items())
    table.row({escape_html(shortened(label, kShownLabel)), grouped(count.get<int64_t>())});
  return details(fmt::format("Labels that task.min_count leaves out ({})", data["left_out_labels"].size()),
                 table.html());
}

std::string label_counts(const Json& data) {
  const std::vector<std::string> splits = splits_of(data);
  std::vector<std::string> head = {"examples with the label"};
  head.insert(head.end(), splits.begin(), splits.end());
  Table table(head);
  std::map<std::string, std::unordered_map<std::string, int64_t>> counts;
  for (const std::string& split : splits) data.at(split).at("labels").get_to(counts[split]);
  const Json& labels = data.at("train").at("labels");
  for (const auto& [label, ignored] : labels.items()) {
    std::vector<std::string> cells = {escape_html(shortened(label, kShownLabel))};
    for (const std::string& split : splits) {
      const auto count = counts[split].find(label);
      const auto all = data.at(split).at("examples").get<double>();
      cells.push_back(count == counts[split].end()
                          ? "–"
                          : fmt::format("{} <span class=\"soft\">{:.1f} %</span>", grouped(count->second),
                                        all == 0 ? 0.0 : 100 * static_cast<double>(count->second) / all));
    }
    table.row(cells);
  }
  return labels.size() <= kMostLabels
             ? table.html()
             : details(fmt::format("Examples of each of the {} labels", labels.size()), table.html());
}

}  // namespace

std::string data_section(const RunRecord& record) {
  if (record.data.is_null()) return "<h2>Data</h2>\n<p>The audit of the data was not written yet.</p>\n";
  std::string text = "<h2>Data</h2>\n";
  for (const std::string& warning : audit_warnings(record.data))
    text += fmt::format("<div class=\"note warning\">{}</div>\n", escape_html(warning));
  return text + audit_table(record.data) + files_table(record.data) + label_counts(record.data) +
         left_out_labels(record.data);
}

}  // namespace bernoulli::report
