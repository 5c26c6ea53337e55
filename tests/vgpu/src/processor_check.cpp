// Says when the library is loaded what the processor lacks, where the first instruction that it
// does not know would end the program with no more than SIGILL. Compiled without the instruction
// set that it asks for.
#include <cstdio>
#include <unistd.h>

namespace {

void require(bool supported, const char* feature) {
  if (supported) return;
  std::fprintf(stderr,
               "vgpu: this processor has no %s, for which the virtual GPU was compiled; configure "
               "with -DEBB_VGPU_ARCH=x86-64-v2 (or x86-64-v3), then build again\n",
               feature);
  _exit(1);
}

// 101 is the first priority that programs may use: before every other initialiser of the library.
__attribute__((constructor(101))) void check_processor() {
  __builtin_cpu_init();
#define REQUIRE(feature) require(__builtin_cpu_supports(feature), feature);
#include "required_features.inc"
#undef REQUIRE
}

}  // namespace
