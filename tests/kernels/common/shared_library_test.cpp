// Where NVIDIA's libraries are looked for.
#include "kernels/common/cuda/shared_library.h"

#if EBB_WITH_CUDA

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <link.h>

#include <gtest/gtest.h>

namespace ebb::cuda {
namespace {

namespace fs = std::filesystem;

/// An active Python environment with the packages of PyPI, while it lives.
class PythonEnvironment {
 public:
  explicit PythonEnvironment(const fs::path& root) : root_(root) {
    const char* value = std::getenv("VIRTUAL_ENV");
    if (value != nullptr) before_ = value;
    fs::create_directories(libraries());
    setenv("VIRTUAL_ENV", root_.c_str(), 1);
  }
  PythonEnvironment(const PythonEnvironment&) = delete;
  PythonEnvironment& operator=(const PythonEnvironment&) = delete;
  ~PythonEnvironment() {
    fs::remove_all(root_);
    before_.empty() ? unsetenv("VIRTUAL_ENV") : setenv("VIRTUAL_ENV", before_.c_str(), 1);
  }
  fs::path libraries() const { return root_ / "lib/python3.13/site-packages/nvidia/cu13/lib"; }

 private:
  fs::path root_;
  std::string before_;
};

TEST(SharedLibraryTest, LooksWhereSetupAndPythonPutLibraries) {
  EXPECT_NE(searched_folders().find("/.cuda/lib"), std::string::npos) << searched_folders();
  const fs::path root = fs::path(::testing::TempDir()) / "ebb_python_environment";
  EXPECT_EQ(searched_folders().find(root.string()), std::string::npos);
  const PythonEnvironment environment(root);
  EXPECT_NE(searched_folders().find(environment.libraries().string()), std::string::npos);

  link_map* runtime = nullptr;  // any library will do
  ASSERT_EQ(dlinfo(open_library("libcudart.so.13").handle, RTLD_DI_LINKMAP, &runtime), 0);
  fs::copy_file(runtime->l_name, environment.libraries() / "libebb_copy.so");
  EXPECT_EQ(open_library("libebb_copy.so").path, environment.libraries() / "libebb_copy.so");
}

TEST(SharedLibraryTest, SaysWhichVersionThereIsOrWhereItLooked) {
  const std::string none = describe_library("libebb_nothing.so", "version");
  EXPECT_EQ(none.find("none: there is no libebb_nothing.so in "), 0U) << none;
  EXPECT_NE(none.find(searched_folders()), std::string::npos) << none;
  const std::string other = describe_library("libcudart.so.13", "noSuchFunction");
  EXPECT_NE(other.find("has no function noSuchFunction"), std::string::npos) << other;
}

}  // namespace
}  // namespace ebb::cuda

#endif
