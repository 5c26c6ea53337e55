#include "tests/vgpu/src/runtime/hostop.h"

#include "tests/vgpu/src/report/report.h"
#include "tests/vgpu/src/runtime/internal.h"
namespace vgpu {
struct HostOp {
  std::string name;
  u64 flops;
  bool tensor;
  int (*fn)(void*);
  void* ctx;
  void (*drop)(void*);
  ~HostOp() {
    if (drop) drop(ctx);
  }
};
cudaError_t run_host_op(const std::shared_ptr<HostOp>& op) {
  u64 t0 = now_ns();
  int e = op->fn(op->ctx);
  report_host_op(op->name, op->flops, op->tensor, now_ns() - t0);
  if (e) set_pending((cudaError_t)e);
  return cudaSuccess;  // the error shows later, as on a GPU
}
}  // namespace vgpu
using namespace vgpu;
VGPU_API int __cudaVgpuHostOp(void* s, const char* name, unsigned long long flops, int tensor,
                              int (*fn)(void*), void* ctx, void (*drop)(void*)) {
  API_LOCK;
  std::shared_ptr<HostOp> op(new HostOp{name, flops, tensor != 0, fn, ctx, drop});
  if (cudaError_t e = pending()) return done(e);
  Node n;
  n.type = cudaGraphNodeTypeKernel;
  n.op = op;
  return done(submit((cudaStream_t)s, n));
}
VGPU_API int __cudaVgpuReachable(const void* p, unsigned long long n, const char* who,
                                 const char* operand) {
  static const bool check = environment_number("VGPU_CHECK", 1) != 0;
  if (!check || !n || range_ok(p, n, true)) return 1;
  log_line(format_text("%s: operand %s, %llu bytes at %p, is not in one allocation: %s", who,
                       operand, n, p, memtable().describe((u64)p).c_str()));
  return 0;
}
