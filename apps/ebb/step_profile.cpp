#include "apps/ebb/step_profile.h"

#include <algorithm>
#include <bit>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/repetition.h"
#include "kernels/peak/peak.h"

namespace ebb::program {
namespace {

constexpr const char* kBetween = "between operations: checks, tape, allocation";
constexpr const char* kOutside = "outside lanes: start, finish, waiting";

/// Copy bandwidths, measured once per power of two.
class CopyFloors {
 public:
  explicit CopyFloors(const Context& context) : context_(context) {}

  Floor of(double bytes_per_thread) {
    const auto size = static_cast<std::int64_t>(
        std::bit_ceil(std::max(static_cast<std::uint64_t>(bytes_per_thread), std::uint64_t{512})));
    const auto [known, is_new] = known_.try_emplace(size, 0.0);
    if (is_new) known->second = kernels::measure_copy_bandwidth(context_, size);
    return {.rate = known->second, .copied_per_thread = static_cast<double>(size)};
  }

 private:
  const Context& context_;
  std::map<std::int64_t, double> known_;
};

std::string label_of(const ProfileRow& row) {
  std::string label(row.operation);
  if (row.shape.rank() > 0) label += ' ' + to_string(row.shape);
  return label;
}

ProfileLine line_of(const ProfileRow& row, double steps, double peak_gflops, CopyFloors& floors) {
  const double bytes_per_call = row.bytes / static_cast<double>(row.calls);
  return {.operation = label_of(row),
          .calls = static_cast<double>(row.calls) / steps,
          .seconds = row.seconds / steps,
          .flops = row.flops / steps,
          .bytes = row.bytes / steps,
          .floor = row.flops > 0.0 ? Floor{.rate = peak_gflops * 1e9}
                                   : floors.of(bytes_per_call / row.threads)};
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100.0 * share); }

}  // namespace

StepProfile summarize(std::vector<ProfiledStep> steps, const Context& context, double peak_gflops) {
  std::sort(steps.begin(), steps.end(),
            [](const auto& one, const auto& other) { return one.seconds < other.seconds; });
  steps.resize((steps.size() + 1) / 2);
  Profile all;
  double seconds = 0.0;
  for (const ProfiledStep& step : steps) {
    all.merge(step.profile);
    seconds += step.seconds;
  }
  const auto count = static_cast<double>(steps.size());
  StepProfile profile{.step_s = seconds / count,
                      .steps = static_cast<std::int64_t>(steps.size()),
                      .threads = context.threads(),
                      .lines = {}};
  CopyFloors floors(context);
  for (const ProfileRow& row : all.rows()) {
    profile.lines.push_back(line_of(row, count, peak_gflops, floors));
  }
  std::sort(profile.lines.begin(), profile.lines.end(),
            [](const auto& one, const auto& other) { return one.seconds > other.seconds; });
  const double outside =
      seconds * context.threads() - all.operation_seconds() - all.between_seconds();
  profile.lines.push_back({.operation = kBetween, .seconds = all.between_seconds() / count});
  profile.lines.push_back({.operation = kOutside, .seconds = outside / count});
  return profile;
}

std::string to_text(const StepProfile& profile) {
  const double total = profile.step_s * profile.threads;
  churn::TextTable table({"operation", "calls", "us", "share", "GFLOP/s", "GB/s", "of floor"});
  for (const ProfileLine& line : profile.lines) {
    std::vector<std::string> cells = {line.operation, "", fmt::format("{:.1f}", line.seconds * 1e6),
                                      percent(line.seconds / total)};
    cells.resize(7);
    if (line.floor) {
      const double rate = line.rate(profile.threads);
      cells[1] = fmt::format("{:g}", line.calls);
      cells[line.flops > 0.0 ? 4 : 5] = fmt::format("{:.1f}", rate * 1e-9);
      cells[6] = percent(rate / line.floor->rate);
    }
    table.add(cells);
  }
  table.add({"total", "", fmt::format("{:.1f}", total * 1e6), percent(1.0), "", "", ""});
  return table.to_text() +
         fmt::format(
             "calls and microseconds per step, the latter summed over {} threads; rates as if all "
             "of\nthem were at it; means of the {} faster steps, {} each. Floors: the peak for\n"
             "GFLOP/s, a copy of as many bytes as a call moves, in cache, for GB/s.\n",
             profile.threads, profile.steps, short_duration_text(profile.step_s));
}

nlohmann::ordered_json to_json(const StepProfile& profile) {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  const double total = profile.step_s * profile.threads;
  for (const ProfileLine& line : profile.lines) {
    nlohmann::ordered_json json = {{"operation", line.operation},
                                   {"thread_s_per_step", line.seconds},
                                   {"share", line.seconds / total}};
    if (line.floor) {
      const double rate = line.rate(profile.threads) * 1e-9;
      const bool counts_flops = line.flops > 0.0;
      json["calls_per_step"] = line.calls;
      json[counts_flops ? "flops_per_step" : "bytes_per_step"] =
          counts_flops ? line.flops : line.bytes;
      json[counts_flops ? "gflops" : "gigabytes_per_s"] = rate;
      json[counts_flops ? "floor_gflops" : "floor_gigabytes_per_s"] = line.floor->rate * 1e-9;
      if (!counts_flops) json["floor_copied_bytes"] = line.floor->copied_per_thread;
      json["share_of_floor"] = rate / (line.floor->rate * 1e-9);
    }
    lines.push_back(std::move(json));
  }
  return {{"steps", profile.steps},
          {"step_s", profile.step_s},
          {"threads", profile.threads},
          {"operations", std::move(lines)}};
}

}  // namespace ebb::program
