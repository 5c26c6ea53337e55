// Where NVIDIA's libraries are looked for.
#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "kernels/common/cuda/shared_library.h"

namespace ebb::cuda {
namespace {

// LD_LIBRARY_PATH first, as the system would: it is how a user overrides all else. Then toolkits:
// those that the environment names (a toolkit from PyPI is a folder nvidia/cu13), and the one that
// ebb was built with.
std::vector<std::string> folders() {
  std::vector<std::string> found;
  const auto value_of = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  std::string_view paths = value_of("LD_LIBRARY_PATH");
  while (!paths.empty()) {
    const std::size_t end = std::min(paths.find(':'), paths.size());
    if (end > 0) found.emplace_back(paths.substr(0, end));
    paths.remove_prefix(std::min(end + 1, paths.size()));
  }
  for (const char* name : {"CUDA_HOME", "CUDA_PATH"}) {
    const std::string root(value_of(name));
    if (root.empty()) continue;
    for (const char* folder : {"/lib64", "/lib"}) found.push_back(root + folder);
  }
  found.emplace_back(EBB_CUDA_LIBRARY_FOLDER);
  return found;
}

}  // namespace

std::string searched_folders() {
  std::string text;
  for (const std::string& folder : folders()) text += (text.empty() ? "" : ", ") + folder;
  return text;
}

SharedLibrary open_library(const std::string& name) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders()) paths.push_back(folder + "/" + name);
  paths.push_back(name);  // wherever the system looks
  for (const std::string& path : paths) {
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) return {handle, path, {}};
  }
  const char* message = dlerror();
  return {nullptr, name,
          fmt::format("there is no {} in {} nor where the system looks ({})", name,
                      searched_folders(), message == nullptr ? "no reason given" : message)};
}

}  // namespace ebb::cuda
