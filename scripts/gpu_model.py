"""A model of the time that GPUs take for what the virtual GPU counted: every unit is busy by its rate, all at
once, and nothing ever waits."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Gpu:
    """Rates by NVIDIA's white papers (A100, H100 SXM) and the CUDA C++ Programming Guide's table of arithmetic
    throughput; per clock and multiprocessor where nothing else is said."""
    name: str
    architecture: str
    multiprocessors: int
    clock: float               # per second, at which the peaks are given
    bytes_per_second: float    # of device memory
    f32_instructions: float    # of a warp
    half_instructions: float   # likewise, on pairs of bf16
    tensor_flops: float        # bf16 and f16, dense
    int_instructions: float = 2.0
    convert_instructions: float = 2.0  # of the fastest, such as between bf16 and f32
    special_instructions: float = 0.5
    issued: float = 4.0
    wavefronts: float = 1.0    # of shared memory
    sectors: float = 4.0       # of 32 bytes, between the first-level cache and the registers


GPUS = (
    Gpu("A100", "80", 108, 1.41e9, 2.039e12, 2.0, 2.0, 2048.0),
    Gpu("H100", "90", 132, 1.83e9, 3.35e12, 4.0, 4.0, 4096.0),
)


def tensor_rate(gpu, in_tf32):
    """TF32 has half of the operations of bf16, by the same papers."""
    return gpu.tensor_flops / 2 if in_tf32 else gpu.tensor_flops


def times_of(gpu, bytes_needed, counts, in_tf32=False):
    """Seconds that each unit of a GPU is busy. `counts`: of virtual_counts.Counts."""
    per_second = gpu.multiprocessors * gpu.clock
    return {
        "memory": bytes_needed / gpu.bytes_per_second,
        "tensor": counts.total("tensor_flops") / (tensor_rate(gpu, in_tf32) * per_second),
        "f32": counts.total("warps_by_class", "fp32") / (gpu.f32_instructions * per_second),
        "half": counts.total("warps_by_class", "half") / (gpu.half_instructions * per_second),
        "int": counts.total("warps_by_class", "int") / (gpu.int_instructions * per_second),
        "convert": counts.total("warps_by_class", "convert") / (gpu.convert_instructions * per_second),
        "special": counts.total("warps_by_class", "sfu") / (gpu.special_instructions * per_second),
        "issue": counts.total("warp_instructions") / (gpu.issued * per_second),
        "shared": counts.of_both("shared", "wavefronts") / (gpu.wavefronts * per_second),
        "cache": counts.of_both("global", "sectors") / (gpu.sectors * per_second),
    }


def speed_of_light(gpu, bytes_needed, flops, counts, in_tf32=False):
    """The least time of the operation over that of the unit which is busy longest, and that unit."""
    per_second = gpu.multiprocessors * gpu.clock
    on_tensor_cores = counts.total("tensor_flops") > 0
    peak = tensor_rate(gpu, in_tf32) if on_tensor_cores else 64 * gpu.f32_instructions
    least = max(bytes_needed / gpu.bytes_per_second, flops / (peak * per_second))
    times = times_of(gpu, bytes_needed, counts, in_tf32)
    unit = max(times, key=times.get)
    return least / times[unit], unit
