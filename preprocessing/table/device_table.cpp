#include "preprocessing/table/device_table.h"

#include <algorithm>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"

namespace ebb::preprocessing {

DeviceTable::DeviceTable(const Table& table, Device device)
    : origin_(&table), context_(std::make_unique<Context>(device)) {
  for (const Column& column : table.columns()) {
    // Points to the table's column without owning it.
    append({column.name, std::shared_ptr<const Column>(std::shared_ptr<void>(), &column), {}});
  }
}

std::vector<std::string> DeviceTable::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return names;
}

bool DeviceTable::has(std::string_view name) const {
  return positions_.contains(std::string(name));
}

bool DeviceTable::has_all(std::span<const std::string> names) const {
  return std::ranges::all_of(names, [&](const std::string& name) { return has(name); });
}

std::vector<std::string> DeviceTable::present(std::span<const std::string> names) const {
  std::vector<std::string> found(names.begin(), names.end());
  std::erase_if(found, [&](const std::string& name) { return !has(name); });
  return found;
}

ColumnKind DeviceTable::kind(std::string_view name) const {
  const Entry& found = entry(name);
  return found.on_host != nullptr ? found.on_host->kind : found.on_device->kind;
}

bool DeviceTable::holds_texts(std::string_view name) const {
  const Entry& found = entry(name);
  if (found.on_host != nullptr)
    return !found.on_host->is_number() && !found.on_host->has_integers();
  return found.on_device->values.dtype() == DType::i32;
}

const DeviceColumn& DeviceTable::column(std::string_view name) {
  Entry& found = entry(name);
  if (!found.on_device) found.on_device = upload(*found.on_host, device());
  return *found.on_device;
}

const DeviceColumn& DeviceTable::numbers(std::string_view name) {
  if (const ColumnKind held = kind(name); held != ColumnKind::number) {
    fail<DataError>("{}: column \"{}\" is one of {}, expected one of numbers", origin_->source(),
                    name, kind_name(held));
  }
  return column(name);
}

const std::vector<std::string>& DeviceTable::levels(std::string_view name) const {
  const Entry& found = entry(name);
  return found.on_host != nullptr ? found.on_host->levels : found.on_device->levels;
}

const Column& DeviceTable::on_host(std::string_view name) {
  Entry& found = entry(name);
  if (found.on_host == nullptr)
    found.on_host = std::make_shared<const Column>(preprocessing::download(*found.on_device));
  return *found.on_host;
}

void DeviceTable::add(DeviceColumn column) {
  std::string name = column.name;
  append({std::move(name), nullptr, std::move(column)});
}

void DeviceTable::add(Column column) { append(entry_of(std::move(column))); }

void DeviceTable::drop(std::span<const std::string> names) {
  for (const std::string& name : names) static_cast<void>(entry(name));
  std::erase_if(entries_, [&](const Entry& entry) { return contains(names, entry.name); });
  index_names();
}

void DeviceTable::arrange(std::span<const std::string> names) {
  std::vector<Entry> arranged;
  for (const std::string& name : names) arranged.push_back(entry(name));
  if (arranged.size() != entries_.size())
    fail("DeviceTable::arrange: {} names of {} columns", names.size(), entries_.size());
  entries_ = std::move(arranged);
  index_names();
}

void DeviceTable::replace(std::span<const std::string> names,
                          std::vector<std::vector<DeviceColumn>> columns) {
  std::unordered_map<std::string_view, std::vector<DeviceColumn>*> changed;
  for (std::size_t i = 0; i < names.size(); ++i) changed.emplace(entry(names[i]).name, &columns[i]);
  std::vector<Entry> entries;
  for (Entry& kept : entries_) {
    const auto found = changed.find(kept.name);
    if (found == changed.end()) {
      entries.push_back(std::move(kept));
      continue;
    }
    for (DeviceColumn& column : *found->second) {
      std::string name = column.name;
      entries.push_back({std::move(name), nullptr, std::move(column)});
    }
  }
  entries_ = std::move(entries);
  index_names();
}

Table DeviceTable::download(std::span<const std::string> names) {
  Table table(origin_->source(), origin_->lines());
  for (const std::string& name : names) table.add(on_host(name));
  return table;
}

void DeviceTable::put_back(std::span<const std::string> names, const Table& table) {
  std::erase_if(entries_, [&](const Entry& entry) {
    return contains(names, entry.name) && table.find(entry.name) == nullptr;
  });
  index_names();
  for (const Column& column : table.columns()) {
    if (!contains(names, column.name)) {
      append(entry_of(column));
      continue;
    }
    Entry& place = entry(column.name);
    if (place.on_host == nullptr || !is_same(*place.on_host, column)) place = entry_of(column);
  }
}

DeviceTable::Entry DeviceTable::entry_of(Column column) {
  std::string name = column.name;
  return {std::move(name), std::make_shared<const Column>(std::move(column)), {}};
}

const DeviceTable::Entry& DeviceTable::entry(std::string_view name) const {
  const auto found = positions_.find(std::string(name));
  if (found != positions_.end()) return entries_[found->second];
  fail<DataError>("{}: there is no column \"{}\".{}", origin_->source(), name,
                  suggest_names(name, names()));
}

DeviceTable::Entry& DeviceTable::entry(std::string_view name) {
  return const_cast<Entry&>(std::as_const(*this).entry(name));
}

void DeviceTable::append(Entry entry) {
  const std::size_t length =
      entry.on_device ? static_cast<std::size_t>(entry.on_device->rows()) : entry.on_host->size();
  if (length != rows()) {
    fail("column \"{}\" has {} values, expected {}, as the table has rows", entry.name, length,
         rows());
  }
  entries_.push_back(std::move(entry));
  const std::string& name = entries_.back().name;
  if (positions_.emplace(name, entries_.size() - 1).second) return;
  fail<DataError>("{}: column \"{}\" exists twice", origin_->source(), name);
}

void DeviceTable::index_names() {
  std::vector<Entry> entries = std::exchange(entries_, {});
  positions_.clear();
  for (Entry& entry : entries) append(std::move(entry));
}

}  // namespace ebb::preprocessing
