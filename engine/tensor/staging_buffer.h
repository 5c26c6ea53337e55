// Pinned host memory, through which tensors travel between the host and a device while the device
// computes.
#pragma once

#include <cstddef>

#include "engine/tensor/tensor.h"
#include "kernels/common/cuda/runtime.h"

namespace ebb {

/// One journey at a time, up or down; two buffers in turn overlap the host, the copy and the
/// kernels:
///
///     next.host(bytes) ... fill it ...
///     next.upload();                   // runs beside what the device was given before
///     step(now.tensor(shape, dtype));  // waits, on the device, for its own upload alone
///     std::swap(now, next);
///
/// Copies run on the device's copy stream; events order them with its compute stream, and the host
/// waits only in host() and in downloaded(). On the CPU nothing is copied up: tensor() is the
/// memory of host().
class StagingBuffer {
 public:
  explicit StagingBuffer(Device device);
  StagingBuffer(const StagingBuffer&) = delete;
  StagingBuffer& operator=(const StagingBuffer&) = delete;
  ~StagingBuffer();

  /// At least `bytes` to write what is to be uploaded; waits until the copy before is done with it.
  std::byte* host(std::size_t bytes);
  /// Starts to copy what host() was asked for to the device. It begins when the kernels given so
  /// far are done, since they may read what the buffer held before.
  void upload();
  /// A part of what was uploaded, from byte `offset`: for kernels given from here on, until the
  /// next upload() changes it. `offset` is a multiple of 64.
  Tensor tensor(const Shape& shape, DType dtype, std::size_t offset = 0);

  /// Starts to copy a contiguous tensor of the device to the host, after the kernels given so far.
  /// Kernels given later may not write to it before downloaded() returns.
  void download(const Tensor& from);
  /// The bytes of the tensor of download(), once they are there; valid until the next call.
  const std::byte* downloaded();

 private:
  void reserve_host(std::size_t bytes);
  void free_host() noexcept;
  void release_device();

  Device device_;
  Storage host_;                       // on the CPU
  std::byte* pinned_ = nullptr;        // on CUDA
  Storage on_device_;                  // likewise
  std::size_t capacity_ = 0;           // of the host's memory
  std::size_t bytes_ = 0;              // of the journey at hand
  Tensor downloading_;                 // kept from being freed
  cuda::CudaEvent given_ = nullptr;    // the compute stream's work that the copy comes after
  cuda::CudaEvent arrived_ = nullptr;  // the copy
};

}  // namespace ebb
