// A table in the memory of a device: columns go there once, and stay.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kernels/common/context.h"
#include "preprocessing/table/device_column.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// Named columns in their order, as Table has them, each on the host, on the device, or on both: a
/// column travels when the other side first asks for it. Their values do not change; a column is
/// put in the place of another. One thread at a time.
class DeviceTable {
 public:
  /// The columns of `table`, which must outlive this, on `device`, which may be the CPU. Throws
  /// UnsupportedError on one that cannot be used.
  DeviceTable(const Table& table, Device device);

  /// Of the device, for kernels that work on the columns.
  [[nodiscard]] Context& context() { return *context_; }
  [[nodiscard]] Device device() const { return context_->device(); }
  /// Where the rows came from: its source and lines, for messages.
  [[nodiscard]] const Table& origin() const { return *origin_; }
  [[nodiscard]] std::size_t rows() const { return origin_->rows(); }
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] bool has_all(std::span<const std::string> names) const;
  /// Those of `names` that it has, in their order.
  [[nodiscard]] std::vector<std::string> present(std::span<const std::string> names) const;

  /// The kind of a column, and whether it holds codes of texts; nothing travels. These and all
  /// below throw DataError as Table::column does.
  [[nodiscard]] ColumnKind kind(std::string_view name) const;
  [[nodiscard]] bool holds_texts(std::string_view name) const;
  /// The distinct texts of a column; nothing travels.
  [[nodiscard]] const std::vector<std::string>& levels(std::string_view name) const;
  /// The column on the device. Valid until the table changes.
  const DeviceColumn& column(std::string_view name);
  /// The same of a number column; throws DataError for another kind, as Table::numbers.
  const DeviceColumn& numbers(std::string_view name);
  /// The column on the host; where it has to come down it waits for the device.
  const Column& on_host(std::string_view name);

  /// Appends a column of as many rows. Throws as Table::add.
  void add(DeviceColumn column);
  void add(Column column);
  void drop(std::span<const std::string> names);
  /// Puts the columns in the order of `names`, which has each once. Throws Error on other names.
  void arrange(std::span<const std::string> names);
  /// Puts the columns columns[i] in the place of column names[i].
  void replace(std::span<const std::string> names, std::vector<std::vector<DeviceColumn>> columns);
  /// A table of the columns on the host, for what no kernel does.
  Table download(std::span<const std::string> names);
  /// Puts the columns of `table`, which has as many rows, in the place of `names`: each in that of
  /// its name, new ones at the end. What has not changed stays where it is, on the device too.
  void put_back(std::span<const std::string> names, const Table& table);

 private:
  struct Entry {
    std::string name;
    std::shared_ptr<const Column> on_host;  // null: on the device alone
    std::optional<DeviceColumn> on_device;
  };

  static Entry entry_of(Column column);
  [[nodiscard]] const Entry& entry(std::string_view name) const;
  Entry& entry(std::string_view name);
  void append(Entry entry);
  /// Takes the names of the entries anew. Throws DataError for one that is there twice.
  void index_names();

  const Table* origin_;
  std::unique_ptr<Context> context_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> positions_;
};

}  // namespace ebb::preprocessing
