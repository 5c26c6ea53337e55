#include "tests/vgpu/src/common.h"

#include <cstdarg>
namespace vgpu {
std::string format_text(const char* fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char buf[2048];
  int n = vsnprintf(buf, sizeof buf, fmt, ap);
  va_end(ap);
  return std::string(buf, n < 0 ? 0 : (n < (int)sizeof buf ? n : sizeof buf - 1));
}
void log_line(const std::string& s) {
  fflush(stdout);
  fprintf(stderr, "vgpu: %s\n", s.c_str());
}
long environment_number(const char* name, long fallback) {
  const char* e = getenv(name);
  return e && *e ? strtol(e, nullptr, 0) : fallback;
}
const char* environment_text(const char* name, const char* fallback) {
  const char* e = getenv(name);
  return e && *e ? e : fallback;
}
}  // namespace vgpu
