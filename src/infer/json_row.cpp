#include "infer/json_row.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace bernoulli {
namespace {

using Value = nlohmann::json;

/// Takes the parser's events: values of the keys that were asked for, and nothing else, are written out.
class RowEvents {
 public:
  RowEvents(const std::vector<std::string>& wanted, JsonRow& row) : wanted_(wanted), row_(row) {}

  bool null() { return scalar("null"); }
  bool boolean(bool value) { return scalar(value ? "true" : "false"); }
  bool number_integer(Value::number_integer_t value) { return scalar(fmt::format("{}", value)); }
  bool number_unsigned(Value::number_unsigned_t value) { return scalar(fmt::format("{}", value)); }
  /// As it is written: a longer number than a double holds may be a key to join by.
  bool number_float(double /*value*/, const std::string& written) { return scalar(written); }
  bool binary(Value::binary_t&) { return false; }

  bool string(std::string& value) {
    if (depth_ != 1) return scalar_string(value);
    if (value_ != nullptr) *value_ = {std::move(value), true};
    return true;
  }

  bool key(std::string& name) {
    if (depth_ == 1) {
      begin_member(name);
    } else if (value_ != nullptr) {
      write(Value(name).dump());
      value_->text += ':';
      after_value_ = false;
    }
    return true;
  }

  bool start_object(size_t) { return start('{'); }
  bool end_object() { return end('}'); }
  bool start_array(size_t) { return depth_ > 0 && start('['); }
  bool end_array() { return end(']'); }
  bool parse_error(size_t, const std::string&, const Value::exception&) { return false; }

 private:
  void begin_member(const std::string& name) {
    if (row_.num_keys++ < JsonRow::kShownKeys) row_.keys.push_back(name);
    const auto found = std::find(wanted_.begin(), wanted_.end(), name);
    value_ = nullptr;
    after_value_ = false;
    if (found != wanted_.end()) {
      std::optional<KeptValue>& value = row_.values[static_cast<size_t>(found - wanted_.begin())];
      if (value) row_.repeated = name;
      value = KeptValue{"", false};
      value_ = &*value;
    }
  }

  bool scalar(std::string_view json) {
    if (depth_ == 0) return false;
    if (value_ != nullptr) write(json);
    return true;
  }
  bool scalar_string(const std::string& value) {
    if (depth_ == 0) return false;
    if (value_ != nullptr) write(Value(value).dump());
    return true;
  }

  void write(std::string_view json) {
    if (after_value_) value_->text += ',';
    value_->text += json;
    after_value_ = true;
  }

  bool start(char bracket) {
    if (depth_++ > 0 && value_ != nullptr) write({&bracket, 1});
    after_value_ = false;
    return true;
  }
  bool end(char bracket) {
    if (--depth_ > 0 && value_ != nullptr) value_->text += bracket;
    after_value_ = true;
    return true;
  }

  const std::vector<std::string>& wanted_;
  JsonRow& row_;
  KeptValue* value_ = nullptr;  ///< of the member that is being read; null: nobody wants it
  size_t depth_ = 0;            ///< 1 inside the object
  bool after_value_ = false;
};

}  // namespace

std::string JsonRow::keys_in_words() const {
  if (num_keys == 0) return "the object is empty";
  const std::string more = num_keys > keys.size() ? fmt::format(" and {} more", num_keys - keys.size()) : "";
  return fmt::format("the object has: {}{}", fmt::join(keys, ", "), more);
}

bool read_json_row(std::string_view line, const std::vector<std::string>& keys, JsonRow& row) {
  row.values.assign(keys.size(), std::nullopt);
  row.keys.clear();
  row.num_keys = 0;
  row.repeated.clear();
  RowEvents events(keys, row);
  return Value::sax_parse(line.begin(), line.end(), &events);
}

}  // namespace bernoulli
