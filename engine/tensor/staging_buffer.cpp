#include "engine/tensor/staging_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ebb {

StagingBuffer::StagingBuffer(Device device) : device_(device) {
  require_available(device);
  if constexpr (kBuiltWithCuda) {
    if (!device.is_cuda()) return;
    given_ = cuda::create_event(device);
    arrived_ = cuda::create_event(device);
  }
}

StagingBuffer::~StagingBuffer() {
  if constexpr (kBuiltWithCuda) {
    if (!device_.is_cuda()) return;
    // A copy that still runs must find its memory; an error of it has been or will be reported by
    // other work on the device.
    try {
      cuda::synchronize(arrived_);
    } catch (const Error&) {
    }
    free_host();
    cuda::destroy_event(device_, given_);
    cuda::destroy_event(device_, arrived_);
  }
}

std::byte* StagingBuffer::host(std::size_t bytes) {
  reserve_host(bytes);
  bytes_ = bytes;
  return device_.is_cuda() ? pinned_ : host_.data();
}

void StagingBuffer::upload() {
  if constexpr (kBuiltWithCuda) {
    if (!device_.is_cuda()) return;
    if (!on_device_.defined() || on_device_.bytes() < bytes_) {
      release_device();
      on_device_ = Storage(bytes_, device_);
    }
    const CudaStream copies = cuda::copy_stream(device_);
    cuda::record(given_, cuda::compute_stream(device_));
    cuda::wait_for(copies, given_);
    cuda::copy(copies, on_device_.data(), pinned_, bytes_);
    cuda::record(arrived_, copies);
  }
}

Tensor StagingBuffer::tensor(const Shape& shape, DType dtype, std::size_t offset) {
  if constexpr (kBuiltWithCuda) {
    if (device_.is_cuda()) {
      cuda::wait_for(cuda::compute_stream(device_), arrived_);
      return Tensor::in_storage(on_device_, offset, shape, dtype);
    }
  }
  return Tensor::in_storage(host_, offset, shape, dtype);
}

void StagingBuffer::download(const Tensor& from) {
  if (!from.defined() || !from.contiguous() || from.device() != device_) {
    fail("StagingBuffer: expected a contiguous tensor on {}", to_string(device_));
  }
  const std::size_t bytes = static_cast<std::size_t>(from.elements()) * size_of(from.dtype());
  std::byte* to = host(bytes);
  if constexpr (kBuiltWithCuda) {
    if (device_.is_cuda()) {
      const CudaStream copies = cuda::copy_stream(device_);
      cuda::record(given_, cuda::compute_stream(device_));
      cuda::wait_for(copies, given_);
      cuda::copy(copies, to, from.view().data, bytes);
      cuda::record(arrived_, copies);
      downloading_ = from;
      return;
    }
  }
  if (bytes > 0) std::memcpy(to, from.view().data, bytes);
}

const std::byte* StagingBuffer::downloaded() {
  if constexpr (kBuiltWithCuda) {
    if (device_.is_cuda()) {
      cuda::synchronize(arrived_);
      downloading_ = Tensor();
      return pinned_;
    }
  }
  return host_.data();
}

void StagingBuffer::reserve_host(std::size_t bytes) {
  if constexpr (kBuiltWithCuda) {
    if (device_.is_cuda()) {
      cuda::synchronize(arrived_);
      downloading_ = Tensor();
      if (bytes <= capacity_ && pinned_ != nullptr) return;
      free_host();
      capacity_ = std::max(bytes, 2 * capacity_);
      pinned_ = static_cast<std::byte*>(cuda::allocate_pinned(capacity_));
      return;
    }
  }
  if (!host_.defined() || host_.bytes() < bytes || !host_.unique()) host_ = Storage(bytes, device_);
}

void StagingBuffer::free_host() noexcept {
  if constexpr (kBuiltWithCuda) {
    if (pinned_ != nullptr) cuda::free_pinned(std::exchange(pinned_, nullptr));
  }
}

void StagingBuffer::release_device() {
  if constexpr (kBuiltWithCuda) {
    // Its next owner works on the compute stream.
    cuda::wait_for(cuda::compute_stream(device_), arrived_);
    on_device_ = Storage();
  }
}

}  // namespace ebb
