// The options of ebb events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "preprocessing/events/event_log.h"
#include "preprocessing/events/features.h"
#include "preprocessing/events/windows.h"

namespace CLI {
class App;
}

namespace ebb::program {

/// As given on the command line.
struct EventsArguments {
  std::string data;
  std::string format;     // empty: by the file's name
  std::string delimiter;  // empty: found from the file
  std::string out;
  int threads = 0;  // 0: all
  std::string time_format = "iso";
  preprocessing::EventColumns columns;  // but for time_format and categories
  std::vector<std::string> count_by;    // "COLUMN" or "COLUMN=LEVEL,LEVEL"
  std::vector<std::string> cutoffs;
  std::string window;
  std::string gap = "0d";
  std::string observe;
  std::size_t least_purchases = 1;
  std::string active_within;
  std::string customer_since;
  std::vector<std::string> recent = {"30d", "60d", "90d"};
  std::size_t levels = 8;
};

/// What they mean.
struct EventsPlan {
  preprocessing::EventColumns columns;
  preprocessing::TextFormat format = preprocessing::TextFormat::by_name;
  std::optional<char> delimiter;
  std::vector<std::int64_t> cutoffs;  // ascending
  preprocessing::Windows windows;
  preprocessing::Eligibility eligibility;
  std::vector<std::int64_t> recent;
  /// Levels as they were given; none: they are to be found in the log.
  std::vector<preprocessing::CountedLevels> counted;
};

void declare_events_options(CLI::App& command, EventsArguments& arguments);

/// Throws UsageError for options that do not go together, DataError for what is spelled wrongly.
EventsPlan read_arguments(const EventsArguments& arguments);

}  // namespace ebb::program
