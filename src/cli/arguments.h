#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/program_options.hpp>

namespace bernoulli::cli {

/// How a verb is called, for its help page.
struct Usage {
  std::string synopsis;    ///< "train CONFIG... [options]"
  std::string text;        ///< what it does, in a few lines
  std::string examples;    ///< commands, one a line
  std::string positional;  ///< name of the words without a dash; empty: none are taken
  int max_positional = -1;
  const char* surplus_option = nullptr;  ///< that a word too many was probably meant for, "--data"
};

/// The values of options: a word, the words of one that repeats, a whole number. @param name  what stands for
/// the value on the help page. Boost's, which takes them over and has default_value() and the like
template <class Value>
boost::program_options::typed_value<Value>* value_of(const char* name) {
  return boost::program_options::value<Value>()->value_name(name);
}
inline constexpr const char* kDevices = "auto, cpu, cuda or cuda:N";  ///< of --device
inline auto* word(const char* name) { return value_of<std::string>(name); }
inline auto* words(const char* name) { return value_of<std::vector<std::string>>(name)->composing(); }
inline auto* whole(const char* name) { return value_of<int64_t>(name); }

/// Parses the words; verb first, then anything in any order. Absent when --help was asked for and printed.
/// --quiet is added to every verb and acted on here.
/// @throws UsageError with a suggestion for an unknown option.
std::optional<boost::program_options::variables_map> parse_words(
    const Usage& usage, boost::program_options::options_description options,
    const std::vector<std::string>& words);

/// The words without a dash. @param what  is to be named, such as "a run folder"
/// @throws UsageError where there are none
const std::vector<std::string>& positional_words(const boost::program_options::variables_map& values,
                                                 const Usage& usage, const char* what);

/// The value of an option that may be left out. @throws UsageError for an empty one
std::optional<std::string> optional_word(const boost::program_options::variables_map& values,
                                         const char* name);

/// The value of one that may be left out. @throws std::bad_cast for one of another type
template <class Value>
std::optional<Value> optional_value(const boost::program_options::variables_map& values, const char* name) {
  return values.contains(name) ? std::optional(values[name].as<Value>()) : std::nullopt;
}

/// The values of an option that repeats; none where it is left out.
std::vector<std::string> repeated_words(const boost::program_options::variables_map& values,
                                        const char* name);

/// @throws UsageError outside of what is allowed
int64_t number_within(const boost::program_options::variables_map& values, const char* name, int64_t least,
                      int64_t most);

/// The word of --device, which parse_device takes. @throws UsageError
std::string device_word(const boost::program_options::variables_map& values);

/// @throws UsageError for a word that is none of `words`
size_t place_among(const std::vector<std::string>& words, const char* option, const std::string& word);

/// What a word of an option stands for. @throws UsageError for one that is not listed
template <class Meaning>
Meaning choice(const boost::program_options::variables_map& values, const char* option,
               const std::vector<std::pair<std::string, Meaning>>& meanings) {
  std::vector<std::string> words;
  for (const auto& [word, meaning] : meanings) words.push_back(word);
  return meanings[place_among(words, option, values[option].template as<std::string>())].second;
}

}  // namespace bernoulli::cli
