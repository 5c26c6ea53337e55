// Twins: rows that were made from other rows, such as a copied half of a file with one column
// changed. A model that trains on one and is tested on the other looks better than it is.
//
// Two definitions, of what a copyist does; identifiers are left out of both, since copies get new
// ones.
//   - Two rows are twins in column c if they are equal in every other column. Reported where the
//     difference is the same all over, more than chance makes it: a number differs by one constant,
//     five times as often as by the next most frequent one and as not at all (columns of at most
//     ten values are left out: they have few differences); or each level has one partner in at
//     least half of its pairs, and five times as often as two rows have one of the two levels both,
//     where there are six levels or more, or the order of the rows says which name is the new one.
//     In any order of rows, however shuffled. Rows that more than 2 kMostTwinPairs / rows others
//     equal, at least kFewTwins and at most kManyTwins, are left out: so many are alike by chance,
//     and among rows of a few coarse columns twins are not found. Cost: a hash and a radix sort of
//     all rows for each column; 40 bytes a row and 24 a pair while it runs, for each thread.
//   - A block copy is a run of rows with the same differences from row to row as rows `lag` further
//     up: differences do not change when constants are added to any number of columns, and levels
//     may be renamed in any number of columns, since only "as in the row above or not" counts.
//     Reported where one lag has half of all such repeats; differences that more than kMostAlike
//     rows have tell nothing, as those of a sorted table of few categories. Rows must stand in the
//     order of their originals. Cost: one hash of the table and one sort.
// A copy that is shuffled and changed in two columns or more is not found, nor one whose constants
// exceed 1e6 times the spread of their column.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// Twins below this number, or this share of the rows, are not reported.
inline constexpr std::size_t kLeastTwins = 50;
inline constexpr double kLeastTwinShare = 0.01;
inline constexpr std::size_t kMostTwinPairs = 4'000'000;
inline constexpr std::size_t kFewTwins = 3;
inline constexpr std::size_t kManyTwins = 64;
inline constexpr std::size_t kMostAlike = 8;

/// How a column differs between twins.
struct ColumnChange {
  std::string column;
  std::optional<double> shift;  ///< added to a number; empty: levels are renamed
  std::string example;          ///< of a renaming, `"a" to "b"`
};

struct Twins {
  std::size_t pairs = 0;      ///< of rows, with this change
  double consistency = 0.0;   ///< their share of all pairs that are equal but for the column
  std::size_t first_row = 0;  ///< the earliest such pair, with the change that most have
  std::size_t second_row = 0;
  ColumnChange change;  ///< from the first row to the second
};

struct BlockCopy {
  std::size_t rows = 0;  ///< that repeat the one `lag` further up
  std::size_t lag = 0;
  std::size_t first_row = 0;  ///< of the repeats
  std::size_t last_row = 0;
  std::vector<ColumnChange> changes;  ///< empty: equal in all columns
};

/// Twins in one column each, most pairs first. `names`: the columns to compare, without
/// identifiers. Throws DataError on unknown names.
std::vector<Twins> find_twins(const Table& table, std::span<const std::string> names);

/// The copy of most rows, if there is one. Throws as find_twins.
std::optional<BlockCopy> find_block_copy(const Table& table, std::span<const std::string> names);

}  // namespace ebb::preprocessing
