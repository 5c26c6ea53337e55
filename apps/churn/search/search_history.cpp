#include "apps/churn/search/search_history.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "engine/io/atomic_file.h"
#include "engine/io/bounded_json.h"
#include "kernels/common/error.h"
#include "preprocessing/common/json_reader.h"

namespace ebb::churn {
namespace {

using preprocessing::JsonReader;

constexpr std::uint64_t kMostHistoryBytes = std::uint64_t{1} << 30;

TriedSettings tried_from(const nlohmann::json& document) {
  const JsonReader json(document, "", "");
  const auto settings = document.find("settings");
  if (settings == document.end() || !settings->is_object()) {
    json.member("settings").refuse("expected an object");
  }
  std::vector<std::string> described;
  for (const auto& [name, value] : settings->items()) {
    described.push_back(
        fmt::format("{} = {}", name, value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return {.number = json.member("trial").count(),
          .outcome = json.member("outcome").parsed(parse_trial_outcome),
          .value = json.member("value").number(),
          .settings = fmt::format("{}", fmt::join(described, ", "))};
}

}  // namespace

SearchHistory read_search_history(const std::filesystem::path& path) {
  const std::string text = read_file(path, kMostHistoryBytes);
  SearchHistory history;
  std::size_t line = 0;
  try {
    for (std::size_t begin = 0; begin < text.size(); ++line) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const nlohmann::json document = parse_json(std::string_view(text).substr(begin, end - begin));
      begin = end + 1;
      if (line > 0) {
        history.trials.push_back(tried_from(document));
        continue;
      }
      const JsonReader identity(document, "", "");
      history.method = identity.member("method").text();
      history.metric = identity.member("metric").parsed(parse_search_metric);
    }
    if (line == 0) fail<DataError>("it is empty");
  } catch (const DataError& error) {
    fail<DataError>("{}:{}: {}; give the folder that ebb tune wrote", path.string(), line + 1,
                    error.what());
  }
  return history;
}

}  // namespace ebb::churn
