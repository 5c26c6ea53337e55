#include "preprocessing/csv/schema.h"

#include <unordered_map>
#include <unordered_set>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"

namespace ebb::preprocessing {

std::vector<WantedColumn> wanted_columns(const std::vector<std::string>& header,
                                         const CsvOptions& options, const std::string& source) {
  const std::unordered_set<std::string> in_header(header.begin(), header.end());
  std::unordered_map<std::string, DeclaredKind> declared;
  for (const ColumnDeclaration& declaration : options.columns) {
    if (!declared.emplace(declaration.name, declaration.kind).second) {
      fail<DataError>("column \"{}\" is declared twice", declaration.name);
    }
    if (options.require_declared && !in_header.contains(declaration.name)) {
      fail<DataError>("{}: there is no column \"{}\", which is declared {}.{}", source,
                      declaration.name, kind_name(declaration.kind),
                      suggest_names(declaration.name, header));
    }
  }
  std::vector<WantedColumn> wanted;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto found = declared.find(header[i]);
    if (found == declared.end()) {
      if (options.undeclared == UndeclaredColumns::infer) wanted.push_back({header[i], i, {}});
    } else if (found->second != DeclaredKind::ignore) {
      wanted.push_back({header[i], i, found->second});
    }
  }
  return wanted;
}

}  // namespace ebb::preprocessing
