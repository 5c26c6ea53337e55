// Everything a kernel may use besides its operands.
#pragma once

#include <memory>

#include "kernels/common/device.h"
#include "kernels/common/workspace.h"

namespace ebb {

class Profile;
class PrimitiveCache;
namespace cuda {
class PreparedProducts;
}

/// One line of execution: where kernels run and what they may use meanwhile. A context serves one
/// thread at a time; concurrent lines of work (the lanes of a sharded step) have one each. On CUDA
/// all contexts of a device share its one stream, cuda::compute_stream: kernels are given to it in
/// order and run later, so results may be read after synchronize(), or by later work on the device.
class Context {
 public:
  /// `threads`: how many threads a kernel may use, 0 for all that the machine offers. Throws
  /// UnsupportedError on a device that device_unavailable() has a reason against.
  explicit Context(Device device = {}, int threads = 0);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();

  Device device() const { return device_; }
  int threads() const { return threads_; }
  /// Null on the CPU.
  CudaStream stream() const { return stream_; }
  /// Waits until everything asked of this context is done; throws what went wrong meanwhile.
  void synchronize() const;
  Workspace& workspace() { return workspace_; }
  /// Where operations say how long they took; null when nobody asks.
  Profile* profile() const { return profile_; }
  void set_profile(Profile* profile) { profile_ = profile; }
  /// What oneDNN has prepared for this context; made when first asked for.
  PrimitiveCache& primitives();
  /// What cuBLASLt has prepared for this context; made when first asked for. Defined in builds with
  /// CUDA only.
  cuda::PreparedProducts& prepared_products();

 private:
  Device device_;
  int threads_;
  CudaStream stream_ = nullptr;
  Workspace workspace_;
  Profile* profile_ = nullptr;
  std::unique_ptr<PrimitiveCache> primitives_;
  std::shared_ptr<cuda::PreparedProducts> prepared_products_;  // shared: may be incomplete here
};

/// The number of threads used when none is asked for: OMP_NUM_THREADS or the processors available.
int default_threads();
/// The number of processors that this process may use.
int available_processors();
/// Makes default_threads() of the calling thread `threads`; 0 changes nothing. For programs, before
/// they compute.
void set_default_threads(int threads);

}  // namespace ebb
