"""Writes python.safetensors, the file of tests/engine/io/safetensors_test.cpp that another program
made. Needs the Python packages: pip install torch safetensors numpy."""

import pathlib

import torch
from safetensors.torch import save_file

TENSORS = {
    "encoder.weight": torch.tensor([[0, 0.5, 1], [1.5, 2, 2.5]], dtype=torch.float32),
    "double": torch.tensor([0.1, -1e300], dtype=torch.float64),
    "half": torch.tensor([1.5, -2], dtype=torch.float16),
    "brain": torch.tensor([1], dtype=torch.bfloat16),
    "token": torch.tensor([[-1, 7]], dtype=torch.int32),
    "position": torch.tensor(-(2**40), dtype=torch.int64),
    "mask": torch.tensor([0, 1, 255], dtype=torch.uint8),
    "empty": torch.zeros(0, 4, dtype=torch.float32),
    "列.权重": torch.tensor([42], dtype=torch.uint8),
}

save_file(TENSORS, pathlib.Path(__file__).parent / "python.safetensors", {"note": "by Python, 流失"})
