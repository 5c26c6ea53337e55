// NVIDIA's libraries that ebb opens when they are first needed, and links to nothing of.
#pragma once

#include <string>

namespace ebb::cuda {

/// The folders that are searched, in order; after them the system's own.
std::string searched_folders();

/// A library that is never closed, since its functions may be used until the process ends.
struct SharedLibrary {
  void* handle = nullptr;
  std::string path;
  std::string why_not;  // where handle is null: the library's name and where it was looked for
};

SharedLibrary open_library(const std::string& name);

/// For people: "13.1.0 (/usr/local/cuda/lib64/libcublasLt.so.13)", or "none: " and why not.
/// `version_function` takes nothing and returns 130100.
std::string describe_library(const std::string& name, const char* version_function);

}  // namespace ebb::cuda
