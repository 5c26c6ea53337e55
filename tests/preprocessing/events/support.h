// A small log for the tests of events.
#pragma once

#include "preprocessing/events/event_log.h"
#include "preprocessing/time/duration.h"
#include "preprocessing/time/timestamp.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {

inline std::int64_t at(std::string_view text) { return parse_iso8601(text).value(); }

inline EventLog read_log(std::string_view text, const EventColumns& columns) {
  return EventLog(read_text(text, columns.reading(std::nullopt)), columns);
}

/// Of a file "who,when[,money]".
inline EventLog simple_log(std::string_view text) {
  EventColumns columns{.customer = "who", .time = "when"};
  if (text.find("money") != std::string_view::npos) columns.value = "money";
  return read_log(text, columns);
}

}  // namespace ebb::preprocessing
