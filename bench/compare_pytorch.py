#!/usr/bin/env python3
"""Compares ebb with PyTorch (eager, CPU) on this machine, in one run, and prints tables in markdown.

    bench/compare_pytorch.py [--section step attention] [--program build/bin/ebb] [--threads 2]
                             [--seconds 1] [--visits 4]

It runs in a Python that has torch; without it, it says what to install. ebb and PyTorch take turns in
both orders (ebb, torch, torch, ebb, ...), and each figure is the median over visits of the median of a
visit. Shares are of the multiply-add peak that `ebb bench` reads in the same run.

step       one training step, forward, backward and AdamW, of a pre-norm Transformer encoder with GELU
           and dropout 0.1 on 20 tokens: nn.TransformerEncoderLayer and torch.optim.AdamW
attention  attention alone, without dropout: F.scaled_dot_product_attention
"""
import argparse
import pathlib

import comparison

TOKENS = 20
DROPOUT = 0.1


class StepShape:
    def __init__(self, dim: int, layers: int, heads: int, feed_forward: int, batch: int):
        self.dim, self.layers, self.heads = dim, layers, heads
        self.feed_forward, self.batch = feed_forward, batch

    def __str__(self) -> str:
        return (f"d {self.dim}, {self.layers} layers, {self.heads} heads, ff {self.feed_forward}, "
                f"batch {self.batch}")

    def options(self) -> list:
        return ["--dim", self.dim, "--layers", self.layers, "--heads", self.heads, "--feed-forward",
                self.feed_forward, "--tokens", TOKENS, "--batch", self.batch]


STEPS = [StepShape(*model, batch) for model in ((64, 2, 4, 256), (96, 3, 8, 192), (192, 3, 8, 256))
         for batch in (32, 256)]

# (tokens, head dim, batch, heads): so many rows that each operand has about a megabyte.
ATTENTIONS = [(8, 8, 128, 8), (20, 16, 32, 8), (32, 32, 32, 8), (64, 64, 8, 8), (512, 64, 2, 8)]


def measuring(arguments: argparse.Namespace) -> list:
    """Options of `ebb bench`."""
    return ["--device", "cpu", "--threads", arguments.threads, "--seconds", arguments.seconds, "--json", "-"]


def torch_step(torch, shape: StepShape, fused: bool):
    """A function that does one training step."""
    nn = torch.nn
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(shape.dim, shape.heads, shape.feed_forward, DROPOUT, "gelu",
                                       batch_first=True, norm_first=True)
    encoder = nn.TransformerEncoder(layer, shape.layers, nn.LayerNorm(shape.dim),
                                    enable_nested_tensor=False)
    head = nn.Linear(shape.dim, 1)
    parameters = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, fused=fused)
    loss_of = nn.BCEWithLogitsLoss()
    inputs = torch.rand(shape.batch, TOKENS, shape.dim) * 2 - 1
    targets = (torch.arange(shape.batch) % 2).float()

    def step():
        optimizer.zero_grad()
        loss_of(head(encoder(inputs)[:, 0]).squeeze(1), targets).backward()
        optimizer.step()

    return step


def step_section(torch, arguments: argparse.Namespace) -> None:
    rows = []
    for shape in STEPS:
        command = [arguments.program, "bench", "step", *shape.options(), *measuring(arguments)]
        step = torch_step(torch, shape, arguments.fused_adamw)
        ebb, peer = comparison.take_turns(
            lambda: comparison.run_json(command),
            lambda: comparison.median_seconds(step, arguments.seconds), visits=arguments.visits)
        rows.append([str(shape), *comparison.Speeds(ebb, peer, ebb[0]["flops_per_step"]).cells()])
    comparison.print_table(["training step", *comparison.Speeds.HEADER], rows)


def torch_attention(torch, tokens: int, head_dim: int, batch: int, heads: int, backward: bool):
    """A function that does one direction."""
    attend = torch.nn.functional.scaled_dot_product_attention
    torch.manual_seed(0)
    query, key, value, upstream = (torch.rand(batch, heads, tokens, head_dim) for _ in range(4))
    if not backward:
        def forward():
            with torch.no_grad():
                attend(query, key, value)
        return forward
    inputs = [tensor.requires_grad_() for tensor in (query, key, value)]
    output = attend(*inputs)
    return lambda: torch.autograd.grad(output, inputs, upstream, retain_graph=True)


def attention_section(torch, arguments: argparse.Namespace) -> None:
    rows = []
    for tokens, head_dim, batch, heads in ATTENTIONS:
        for direction in ("forward", "backward"):
            command = [arguments.program, "bench", "attention", "--batch", batch, "--heads", heads,
                       "--seq", tokens, "--head-dim", head_dim, "--direction", direction,
                       *measuring(arguments)]
            body = torch_attention(torch, tokens, head_dim, batch, heads, direction == "backward")
            ebb, peer = comparison.take_turns(
                lambda: comparison.run_json(command),
                lambda: comparison.median_seconds(body, arguments.seconds), visits=arguments.visits)
            rows.append([f"T {tokens}, d {head_dim}, batch {batch}, {heads} heads, {direction}",
                         *comparison.Speeds(ebb, peer, ebb[0]["flops_per_call"]).cells()])
    comparison.print_table(["attention", *comparison.Speeds.HEADER], rows)


# Each is called with the torch module and the arguments, and prints a table.
SECTIONS = {"step": step_section, "attention": attention_section}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--section", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--program", type=pathlib.Path, default=comparison.PROGRAM)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="of repeating, per visit")
    parser.add_argument("--visits", type=int, default=4, help="of each program, per row")
    parser.add_argument("--fused-adamw", action="store_true",
                        help="PyTorch's fused AdamW instead of its default")
    arguments = parser.parse_args()
    torch = comparison.require_torch()
    torch.set_num_threads(arguments.threads)
    seen = comparison.run_json([arguments.program, "bench", "attention", *measuring(arguments)])
    print(f"{comparison.processor()}, {seen['instruction_set']}, {arguments.threads} threads, "
          f"PyTorch {torch.__version__}, {arguments.visits} visits of {arguments.seconds:g} s each")
    for name in arguments.section:
        print()
        SECTIONS[name](torch, arguments)


if __name__ == "__main__":
    main()
