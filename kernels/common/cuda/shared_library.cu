// Where NVIDIA's libraries are looked for.
#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <glob.h>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "kernels/common/cuda/shared_library.h"

namespace ebb::cuda {
namespace {

std::string_view value_of(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Adds the folders that NVIDIA's packages from PyPI unpack into, where there are any: of the
/// environment that is active, the user's and the system's.
void add_python_packages(std::vector<std::string>& found) {
  const std::string home(value_of("HOME"));
  for (const std::string& root :
       {std::string(value_of("VIRTUAL_ENV")), std::string(value_of("CONDA_PREFIX")),
        home + "/.local", std::string("/usr/local"), std::string("/usr")}) {
    if (root.empty()) continue;
    const std::string pattern = root + "/lib/python3*/{site,dist}-packages/nvidia/{cu13,cudnn}/lib";
    glob_t matches{};
    if (glob(pattern.c_str(), GLOB_BRACE, nullptr, &matches) == 0) {
      found.insert(found.end(), matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
    }
    globfree(&matches);
  }
}

// LD_LIBRARY_PATH first, as the system would: it is how a user overrides all else. Then toolkits:
// those that the environment names (a toolkit from PyPI is a folder nvidia/cu13), the one that ebb
// was built with, what `scripts/setup --cuda-libraries` fetched, and Python's packages.
std::vector<std::string> folders() {
  std::vector<std::string> found;
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
  found.emplace_back(EBB_FETCHED_LIBRARY_FOLDER);
  add_python_packages(found);
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
          fmt::format("there is no {} in {}, nor where the system looks ({})", name,
                      searched_folders(), message == nullptr ? "no reason given" : message)};
}

std::string describe_library(const std::string& name, const char* version_function) {
  const SharedLibrary opened = open_library(name);
  if (opened.handle == nullptr) return "none: " + opened.why_not;
  using Version = std::size_t (*)();
  const auto version = reinterpret_cast<Version>(dlsym(opened.handle, version_function));
  if (version == nullptr)
    return fmt::format("{} has no function {}", opened.path, version_function);
  const std::size_t number = version();
  return fmt::format("{}.{}.{} ({})", number / 10000, number / 100 % 100, number % 100,
                     opened.path);
}

}  // namespace ebb::cuda
