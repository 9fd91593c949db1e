"""Data: how much of a batch is padding, what that costs, and how long tokenising takes the first time and the second.

    python benchmarks/data.py [--rows N] [--batches N]

Rows are made up: words of several scripts in numbers drawn from a log-normal distribution (sigma 0.5), so that pairs
have about 50 tokens and passages 190, read by the very code that reads the hub's. The encoder is small and random.
Bucketed and random batches are trained in turn, in the same process, so that a busy machine slows both. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import AutoModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast, XLMRobertaConfig

sys.path.insert(0, str(Path(__file__).parent.parent))

from spaces.card import Card
from spaces.mixture import Mixture
from trainables.data.card_data import Data
from trainables.formats import by_name
from trainables.training.batches import TaskBatch, padding_share, plan_batches

BATCH, ROUNDS = 32, 3
WORDS = ["house", "Köln", "луна", "القمر", "月亮", "พระจันทร์", "garden", "Wasser", "река", "jumped", "between", "nine"]
MEDIANS = {"pairs": 8, "passages": 30}
"""Words; a word is about six pieces of the small tokenizer, so about 50 and 190 tokens."""

MAX_LENGTH = 384


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, help="of each data set")
    parser.add_argument("--batches", type=int, default=40, help="that each way trains, in each of three rounds")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cards = {task: card_with_rows(folder, task, options.rows) for task in MEDIANS}
        tokenizer = small_tokenizer()
        first = tokenised(folder, cards, tokenizer)
        second = tokenised(folder, cards, tokenizer)
        features = {task: loaded(folder, card, tokenizer) for task, card in cards.items()}
        lengths = {task: rows["length"][:] for task, rows in features.items()}
        mixture = Mixture.of(dict.fromkeys(cards, 1.0))
        bucketed = plan_batches(mixture, lengths, [options.rows], BATCH, seed=1)
        found = {
            "rows": dict.fromkeys(cards, options.rows),
            "mean_tokens": {task: round(float(np.mean(values)), 1) for task, values in lengths.items()},
            "seconds_to_tokenise": {"first": round(first, 2), "second": round(second, 3)},
            "padding_share": {
                **{f"bucketed, {n:,} examples": share(plan_batches(mixture, lengths, [n], BATCH, 1), lengths)
                   for n in (1_000, 5_000, options.rows)},
                "random": share(shuffled(bucketed), lengths),
            },
            **speeds(bucketed, features, cards, tokenizer, options.batches),
        }  # fmt: skip
    print(json.dumps(found, indent=2))


def card_with_rows(folder: Path, task: str, rows: int) -> Card:
    """A pair classification card and its rows."""
    rng = np.random.default_rng(len(task))

    def texts(median: float) -> list[str]:
        counts = np.clip(rng.lognormal(np.log(median), 0.5, rows).astype(int), 1, 230)
        return [" ".join(rng.choice(WORDS, count)) for count in counts]

    table = {"text_a": texts(MEDIANS[task] / 2), "text_b": texts(MEDIANS[task] / 2), "label": rng.integers(0, 2, rows)}
    path = folder / "files" / task / "train.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(table), path)
    return Card.model_validate(
        {
            "name": task,
            "kind": "task",
            "description": "made up",
            "format": "pair_classification",
            "licence": "none",
            "origin": "benchmarks/data.py",
            "source": {"files": str(path.parent)},
            "labels": ["no", "yes"],
            "splits": {"train": "train", "dev": None},
            "languages": ["en"],
        }
    )


def small_tokenizer() -> PreTrainedTokenizerBase:
    """Unigram, as XLM-R's."""
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=specials, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator([" ".join(WORDS)] * 10, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "mask_token": "<mask>",
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=["input_ids", "attention_mask"], **names
    )


def loaded(folder: Path, card: Card, tokenizer: PreTrainedTokenizerBase) -> Dataset:
    return Data(cache=folder / "cache").features(card, "train", "en", tokenizer, MAX_LENGTH)[1]


def tokenised(folder: Path, cards: Mapping[str, Card], tokenizer: PreTrainedTokenizerBase) -> float:
    """Seconds until the features of all cards can be trained on."""
    started = time.perf_counter()
    for card in cards.values():
        loaded(folder, card, tokenizer)
    return time.perf_counter() - started


def shuffled(batches: Sequence[TaskBatch]) -> list[TaskBatch]:
    """The same examples in batches of the same tasks and sizes, drawn at random."""
    rng = np.random.default_rng(1)
    pools = {
        task: rng.permutation([index for batch in batches if batch.task == task for index in batch.indices]).tolist()
        for task in {batch.task for batch in batches}
    }
    return [TaskBatch(batch.task, tuple(pools[batch.task].pop() for _ in batch.indices)) for batch in batches]


def share(batches: Sequence[TaskBatch], lengths: Mapping[str, Sequence[int]]) -> float:
    return round(padding_share(batches, lengths), 4)


def speeds(
    bucketed: Sequence[TaskBatch],
    features: Mapping[str, Dataset],
    cards: Mapping[str, Card],
    tokenizer: PreTrainedTokenizerBase,
    count: int,
) -> dict[str, Any]:
    """Tokens per second, padding not counted, of the same training loop; both ways in turn, over the same examples."""
    config = XLMRobertaConfig(
        vocab_size=200, hidden_size=128, num_hidden_layers=4, num_attention_heads=4, intermediate_size=512
    )
    torch.manual_seed(1)
    encoder = AutoModel.from_config(config, add_pooling_layer=False)
    form = by_name("pair_classification")
    head = form.head(encoder, cards["pairs"])
    optimizer = torch.optim.AdamW([*encoder.parameters(), *head.parameters()], lr=1e-5)
    chosen = list(bucketed[:count])
    ways = {"bucketed": chosen, "random": shuffled(chosen)}
    tokens, seconds = dict.fromkeys(ways, 0), dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for way, batches in ways.items():
            started = time.perf_counter()
            for batch in batches:
                columns = features[batch.task][list(batch.indices)]
                rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
                loss = form.loss(encoder, head, form.collate(rows, tokenizer, torch.Generator()))
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                tokens[way] += sum(columns["length"])
            seconds[way] += time.perf_counter() - started
    rates = {way: round(tokens[way] / seconds[way]) for way in ways}
    return {"tokens_per_second": rates, "times_as_fast": round(rates["bucketed"] / rates["random"], 2)}


if __name__ == "__main__":
    main()
