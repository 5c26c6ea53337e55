// Files for what a child process writes.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
/// A new and empty one, in TMPDIR or /tmp.
inline std::string temporary_file() {
  std::string file = std::filesystem::temp_directory_path() / "vgpu_XXXXXX";
  const int descriptor = mkstemp(file.data());
  if (descriptor < 0) {
    perror(file.c_str());
    exit(1);
  }
  close(descriptor);
  return file;
}
inline std::string read_and_remove(const std::string& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  std::filesystem::remove(file);
  return text.str();
}
