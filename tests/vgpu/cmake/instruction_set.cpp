// Prints the value of EBB_VGPU_ARCH that fits this machine; run by CMake.
#include <cstdio>

int main() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) {
    std::printf("x86-64-v4");
    // Those of the level's successors that the sources have a use for.
    if (__builtin_cpu_supports("avx512vbmi")) std::printf(";avx512vbmi");
    if (__builtin_cpu_supports("avx512vnni")) std::printf(";avx512vnni");
    if (__builtin_cpu_supports("avx512vpopcntdq")) std::printf(";avx512vpopcntdq");
  } else {
    std::printf(__builtin_cpu_supports("x86-64-v3") ? "x86-64-v3" : "x86-64-v2");
  }
}
