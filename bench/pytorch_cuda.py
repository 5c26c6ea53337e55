#!/usr/bin/env python3
"""Times PyTorch on a GPU on the cases of ebb_bench_kernels, which are named by their names.

    bench/pytorch_cuda.py NAME...        matrix_product/plain/cuda/f32/1024x1024x1024

It prints a line of JSON per name that PyTorch has a counterpart of: {"name", "peer", "seconds"}. Calls are
timed as bench/kernels/machine.cpp does: between two events, after memory twice the size of the
second-level cache was zeroed; the median of many counts. Products are cuBLAS's; attention is timed as
PyTorch chooses, and by cuDNN where that takes it.
"""
import json
import statistics
import sys

import torch
import torch.nn.functional as F

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
WARM_UP = 5
REPEATS = 50
DROPOUT = 0.1


def random(shape, dtype):
    return (torch.rand(shape, device="cuda") * 2 - 1).to(dtype)


def gradient_of(output, inputs):
    """A function that does the backward direction."""
    upstream = torch.rand_like(output)
    return lambda: torch.autograd.grad(output, inputs, upstream, retain_graph=True)


def matrix_product(direction, dtype, m, n, k):
    left = random((k, m), dtype).T if direction == "transposed" else random((m, k), dtype)
    right = random((k, n), dtype)
    yield "cuBLAS", lambda: left @ right


def attention_of(direction, dtype, shape):
    inputs = [random(shape, dtype).requires_grad_(direction == "backward") for _ in range(3)]
    attend = F.scaled_dot_product_attention
    return (lambda: attend(*inputs)) if direction == "forward" else gradient_of(attend(*inputs), inputs)


def attention(direction, dtype, *shape):
    yield "PyTorch", attention_of(direction, dtype, shape)
    from torch.nn.attention import SDPBackend, sdpa_kernel
    with sdpa_kernel(SDPBackend.CUDNN_ATTENTION):  # stays chosen while the function above is timed
        yield "cuDNN", attention_of(direction, dtype, shape)


def layer_norm(direction, dtype, rows, columns):
    training = direction == "backward"
    values, residual = (random((rows, columns), dtype).requires_grad_(training) for _ in range(2))
    gamma, beta = (random((columns,), dtype).requires_grad_(training) for _ in range(2))

    def forward():
        return F.layer_norm(F.dropout(values, DROPOUT) + residual, (columns,), gamma, beta)

    yield "PyTorch", gradient_of(forward(), [values, residual, gamma, beta]) if training else forward


def softmax(direction, dtype, rows, columns):
    scores = random((rows, columns), dtype).requires_grad_(direction == "backward")

    def forward():
        return F.softmax(scores, dim=1)

    yield "PyTorch", gradient_of(forward(), [scores]) if direction == "backward" else forward


def adamw(_, dtype, parameters):
    weights = random((parameters,), dtype).requires_grad_()
    weights.grad = random((parameters,), dtype)
    yield "PyTorch", torch.optim.AdamW([weights], fused=True).step


PEERS = {function.__name__: function for function in (matrix_product, attention, layer_norm, softmax, adamw)}


def median_seconds(body):
    properties = torch.cuda.get_device_properties(0)
    cache = torch.empty(2 * properties.L2_cache_size, dtype=torch.uint8, device="cuda")
    start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    times = []
    for _ in range(WARM_UP + REPEATS):
        cache.zero_()
        start.record()
        body()
        stop.record()
        stop.synchronize()
        times.append(start.elapsed_time(stop) * 1e-3)
    return statistics.median(times[WARM_UP:])


def main():
    torch.backends.cuda.matmul.allow_tf32 = False  # ebb's f32 is f32
    for name in sys.argv[1:]:
        operation, direction, _, dtype, shape = name.split("/")
        if operation not in PEERS:
            continue
        peers = PEERS[operation](direction, DTYPES[dtype], *map(int, shape.split("x")))
        try:
            for peer, body in peers:
                seconds = median_seconds(body)
                print(json.dumps({"name": name, "peer": peer, "seconds": seconds}), flush=True)
        except RuntimeError as error:  # no kernel of a backend takes this shape or dtype
            print(f"{name}: {str(error).splitlines()[0]}", flush=True)


if __name__ == "__main__":
    main()
