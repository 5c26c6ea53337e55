#include "engine/io/input_file.h"

#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/common/error.h"
#include "kernels/common/system_error.h"

namespace ebb {

InputFile::InputFile(const std::filesystem::path& path, std::string_view expected) : path_(path) {
  struct stat status = {};
  // Looked at first: opening a pipe would wait for a writer.
  if (::stat(path.c_str(), &status) != 0) {
    const int error = errno;
    fail<IoError>("{}: cannot read: {}{}", path.string(), reason(error),
                  error == ENOENT ? "; check the path" : "");
  }
  if (!S_ISREG(status.st_mode)) {
    fail<IoError>("{}: is a {}, expected {}", path.string(),
                  S_ISDIR(status.st_mode) ? "folder" : "device or a pipe", expected);
  }
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail<IoError>("{}: cannot read: {}", path.string(), reason(errno));
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::vector<char> InputFile::read(std::size_t count) {
  std::vector<char> bytes(count);
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::read(descriptor_, bytes.data() + filled, count - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail<IoError>("{}: cannot read: {}", path_.string(), reason(errno));
    if (got == 0) fail<IoError>("{}: was cut while it was read", path_.string());
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace ebb
