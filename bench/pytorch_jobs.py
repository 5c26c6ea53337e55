#!/usr/bin/env python3
"""The jobs of `ebb train` and `ebb predict` in pandas, scikit-learn and PyTorch, as a process.

    bench/pytorch_jobs.py train --data wa_churn.csv --target churn --out model.pt
    bench/pytorch_jobs.py forward --data wa_churn.csv --target churn --rows 200000

`train` is the job of the preset "seed": stratified parts, standard scaling, an FT-Transformer of
width 64 with 2 layers, AdamW without decay, batches of 32, 10 epochs with validation after each,
metrics at the end. `forward` times the network alone on encoded rows, without gradients, at several
batch sizes, and prints rows per second as JSON.
"""
import argparse
import json
import time

import numpy as np
import pandas as pd
import torch
from sklearn.compose import make_column_transformer
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from torch import nn

DIM, LAYERS, HEADS, FEED_FORWARD, DROPOUT = 64, 2, 4, 256, 0.1
EPOCHS, BATCH, LEARNING_RATE = 10, 32, 1e-3
MOST_LEVELS_OF_A_CATEGORY = 2  # a number column of two values is a category, as in ebb


class FTTransformer(nn.Module):
    def __init__(self, numbers: int, cardinalities: list[int]):
        super().__init__()
        starts = np.concatenate([[0], np.cumsum([1, *cardinalities])[:-1]])
        self.register_buffer("starts", torch.tensor(starts))
        self.tokens = nn.Embedding(1 + sum(cardinalities), DIM)
        self.weight = nn.Parameter(torch.empty(numbers, DIM).uniform_(-DIM**-0.5, DIM**-0.5))
        self.bias = nn.Parameter(torch.empty(numbers, DIM).uniform_(-DIM**-0.5, DIM**-0.5))
        layer = nn.TransformerEncoderLayer(DIM, HEADS, FEED_FORWARD, DROPOUT, "gelu",
                                           batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, LAYERS, nn.LayerNorm(DIM), enable_nested_tensor=False)
        self.head = nn.Linear(DIM, 1)

    def forward(self, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        number_tokens = numbers.unsqueeze(-1) * self.weight + self.bias
        encoded = self.encoder(torch.cat([self.tokens(codes + self.starts), number_tokens], 1))
        return self.head(encoded[:, 0]).squeeze(-1)


class Encoder:
    """Tables to tensors: the class token's code 0 first, then the categories'."""

    def __init__(self, table: pd.DataFrame):
        numeric = table.select_dtypes("number").columns
        self.numbers = [c for c in numeric if table[c].nunique() > MOST_LEVELS_OF_A_CATEGORY]
        self.categories = [c for c in table.columns if c not in self.numbers]
        self.transformer = make_column_transformer(
            (StandardScaler(), self.numbers),
            (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), self.categories))
        self.transformer.fit(table)
        ordinal = self.transformer.named_transformers_["ordinalencoder"]
        self.cardinalities = [len(levels) + 1 for levels in ordinal.categories_]

    def __call__(self, table: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
        encoded = np.nan_to_num(self.transformer.transform(table))
        count = len(self.numbers)
        codes = np.pad(encoded[:, count:].astype(np.int64) + 1, ((0, 0), (1, 0)))
        return torch.from_numpy(encoded[:, :count].astype(np.float32)), torch.from_numpy(codes)


def probabilities(model: nn.Module, numbers: torch.Tensor, codes: torch.Tensor, batch: int = 1024) -> np.ndarray:
    model.eval()
    with torch.inference_mode():
        parts = [model(numbers[i:i + batch], codes[i:i + batch]) for i in range(0, len(numbers), batch)]
        return torch.sigmoid(torch.cat(parts)).numpy()


def train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(0)
    table = pd.read_csv(arguments.data).drop_duplicates()
    labels = (table.pop(arguments.target) == arguments.positive).astype(np.float32).to_numpy()
    rest, test = train_test_split(np.arange(len(table)), test_size=0.2, stratify=labels, random_state=0)
    rows, valid = train_test_split(rest, test_size=0.15 / 0.8, stratify=labels[rest], random_state=0)
    encode = Encoder(table.iloc[rows])
    numbers, codes = encode(table)
    targets = torch.from_numpy(labels)
    model = FTTransformer(len(encode.numbers), encode.cardinalities)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    loss_of = nn.BCEWithLogitsLoss()
    best, best_loss = {}, float("inf")
    for epoch in range(EPOCHS):
        model.train()
        order = torch.from_numpy(rows)[torch.randperm(len(rows))]
        for part in order.split(BATCH):
            loss = loss_of(model(numbers[part], codes[part]), targets[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scores = probabilities(model, numbers[valid], codes[valid])
        valid_loss = log_loss(labels[valid], scores)
        print(f"epoch {epoch + 1}: validation loss {valid_loss:.4f}, auc {roc_auc_score(labels[valid], scores):.4f}")
        if valid_loss < best_loss:
            best_loss, best = valid_loss, {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(best)
    for name, part in (("train", rows), ("validation", valid), ("test", test)):
        scores = probabilities(model, numbers[part], codes[part])
        print(f"{name}: auc {roc_auc_score(labels[part], scores):.4f}, "
              f"average precision {average_precision_score(labels[part], scores):.4f}, "
              f"log loss {log_loss(labels[part], scores):.4f}, brier {brier_score_loss(labels[part], scores):.4f}, "
              f"f1 {f1_score(labels[part], scores > 0.5):.4f}")
    torch.save(model.state_dict(), arguments.out)


def forward(arguments: argparse.Namespace) -> None:
    table = pd.read_csv(arguments.data, nrows=arguments.rows).drop(columns=arguments.target)
    encode = Encoder(table)
    numbers, codes = encode(table)
    model = FTTransformer(len(encode.numbers), encode.cardinalities)
    speeds = {}
    for batch in arguments.batches:
        probabilities(model, numbers[:batch], codes[:batch], batch)
        start = time.perf_counter()
        probabilities(model, numbers, codes, batch)
        speeds[batch] = len(numbers) / (time.perf_counter() - start)
    print(json.dumps(speeds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["train", "forward"])
    parser.add_argument("--data", required=True)
    parser.add_argument("--target", default="churn")
    parser.add_argument("--positive", default="Yes")
    parser.add_argument("--out", default="model.pt")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--batches", type=int, nargs="+", default=[256, 1024, 4096])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    {"train": train, "forward": forward}[arguments.job](arguments)


if __name__ == "__main__":
    main()
