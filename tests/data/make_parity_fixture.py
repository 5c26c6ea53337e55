#!/usr/bin/env python3
"""Makes parity.safetensors: the FT-Transformer of apps/churn/model, run by PyTorch in float64.

Holds random weights, one batch, and what PyTorch finds for them without dropout: logits, loss, the
gradient of every weight, and the losses of ten steps of AdamW. Only remaking it needs PyTorch:

    pip install torch safetensors numpy
    python3 make_parity_fixture.py
"""
import math
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

DIM, LAYERS, HEADS, FEED_FORWARD = 32, 2, 4, 48
ROWS, STEPS, LEARNING_RATE, WEIGHT_DECAY = 12, 10, 1e-2, 0.1
BIN_EDGES = [[-1.5, -0.5, 0.25, 1.0, 2.0], [0.0, 1.0], [-2.0, -1.0, -0.2, 0.1, 0.4, 1.1, 3.0]]
CARDINALITIES = [5, 3]


def piecewise_linear(numbers: np.ndarray) -> np.ndarray:
    """[rows, features] -> [rows, features, bins + 2]: bins, the value, 1."""
    bins = max(len(edges) for edges in BIN_EDGES) - 1
    encoding = np.zeros((*numbers.shape, bins + 2))
    for feature, edges in enumerate(BIN_EDGES):
        for t in range(1, len(edges)):
            x = numbers[:, feature]
            share = (x - edges[t - 1]) / (edges[t] - edges[t - 1])
            if t > 1:
                share = np.where(x < edges[t - 1], 0.0, share)
            if t < len(edges) - 1:
                share = np.where(x >= edges[t], 1.0, share)
            encoding[:, feature, t - 1] = share
    encoding[:, :, bins] = numbers
    encoding[:, :, bins + 1] = 1.0
    return encoding


def make_weights(generator: torch.Generator) -> dict[str, torch.Tensor]:
    def normal(*shape: int, scale: float = 0.2) -> torch.Tensor:
        return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)

    encoding = max(len(edges) for edges in BIN_EDGES) + 1
    weights = {
        "token_table.weight": normal(1 + sum(CARDINALITIES), DIM),
        "number_tokens.weight": normal(len(BIN_EDGES), encoding, DIM),
        "encoder.norm.weight": 1.0 + normal(DIM),
        "encoder.norm.bias": normal(DIM),
        "head.weight": normal(1, DIM),
        "head.bias": normal(1),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layers.{layer}."
        for norm in ("norm1", "norm2"):
            weights[prefix + norm + ".weight"] = 1.0 + normal(DIM)
            weights[prefix + norm + ".bias"] = normal(DIM)
        for name, rows, columns in (("attention.in_projection", 3 * DIM, DIM),
                                    ("attention.out_projection", DIM, DIM),
                                    ("linear1", FEED_FORWARD, DIM),
                                    ("linear2", DIM, FEED_FORWARD)):
            weights[prefix + name + ".weight"] = normal(rows, columns)
            weights[prefix + name + ".bias"] = normal(rows)
    return weights


def decays(name: str) -> bool:
    """Weight decay is for the matrices of linear layers."""
    return name.endswith(".weight") and not any(
        part in name for part in ("norm", "token_table", "number_tokens"))


def forward(w: dict[str, torch.Tensor], encoding: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    numbers = torch.einsum("rfk,fkd->rfd", encoding, w["number_tokens.weight"])
    x = torch.cat([F.embedding(rows, w["token_table.weight"]), numbers], dim=1)
    batch, tokens, _ = x.shape

    def heads(part: torch.Tensor) -> torch.Tensor:
        return part.reshape(batch, tokens, HEADS, DIM // HEADS).transpose(1, 2)

    for layer in range(LAYERS):
        def linear(name: str, value: torch.Tensor, prefix: str = f"encoder.layers.{layer}.") -> torch.Tensor:
            return F.linear(value, w[prefix + name + ".weight"], w[prefix + name + ".bias"])

        def norm(name: str, value: torch.Tensor, prefix: str = f"encoder.layers.{layer}.") -> torch.Tensor:
            return F.layer_norm(value, (DIM,), w[prefix + name + ".weight"], w[prefix + name + ".bias"])

        query, key, value = linear("attention.in_projection", norm("norm1", x)).chunk(3, dim=-1)
        scores = heads(query) @ heads(key).transpose(-1, -2) / math.sqrt(DIM // HEADS)
        mixed = (torch.softmax(scores, dim=-1) @ heads(value)).transpose(1, 2)
        x = x + linear("attention.out_projection", mixed.reshape(batch, tokens, DIM))
        x = x + linear("linear2", F.gelu(linear("linear1", norm("norm2", x))))
    encoded = F.layer_norm(x, (DIM,), w["encoder.norm.weight"], w["encoder.norm.bias"])
    return F.linear(encoded[:, 0], w["head.weight"], w["head.bias"])[:, 0]


def main() -> None:
    generator = torch.Generator().manual_seed(7)
    weights = make_weights(generator)
    numbers = 1.5 * torch.randn(ROWS, len(BIN_EDGES), generator=generator, dtype=torch.float64)
    codes = torch.stack([torch.randint(0, c, (ROWS,), generator=generator) for c in CARDINALITIES], 1)
    targets = torch.randint(0, 2, (ROWS,), generator=generator).double()
    starts = torch.tensor([1 + sum(CARDINALITIES[:i]) for i in range(len(CARDINALITIES))])
    token_rows = torch.cat([torch.zeros(ROWS, 1, dtype=torch.int64), codes + starts], dim=1)
    encoding = torch.from_numpy(piecewise_linear(numbers.numpy()))

    fixture = {"weight/" + name: value.clone() for name, value in weights.items()}
    trained = {name: value.clone().requires_grad_() for name, value in weights.items()}
    optimizer = torch.optim.AdamW(
        [{"params": [v for n, v in trained.items() if decays(n)], "weight_decay": WEIGHT_DECAY},
         {"params": [v for n, v in trained.items() if not decays(n)], "weight_decay": 0.0}],
        lr=LEARNING_RATE)
    losses = []
    for step in range(STEPS):
        logits = forward(trained, encoding, token_rows)
        loss = F.binary_cross_entropy_with_logits(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            fixture["logits"] = logits.detach().clone()
            fixture.update({"gradient/" + n: v.grad.clone() for n, v in trained.items()})
        losses.append(loss.item())
        optimizer.step()
    fixture["losses"] = torch.tensor(losses, dtype=torch.float64)
    fixture["numbers"] = numbers
    fixture["token_rows"] = token_rows.int()
    fixture["targets"] = targets
    path = pathlib.Path(__file__).parent / "parity.safetensors"
    save_file({name: value.contiguous() for name, value in fixture.items()}, path)
    print(f"{path.name}: {path.stat().st_size} bytes, losses {losses[0]:.6f} .. {losses[-1]:.6f}")


if __name__ == "__main__":
    main()
