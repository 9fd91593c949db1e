"""Mewsli-X as get-mewsli-x.sh leaves it, for the cards `mewslix` and `mewslix_pairs`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainables.data.conversion.files import Example, lines, write

MARKS = re.compile(r"\{(.*?)\}")
"""What could be taken for a marked mention."""


def convert(source: Path, target: Path) -> list[Path]:
    """Mewsli-X as its own script get-mewsli-x.sh leaves it: mentions, candidates and Wikipedia pairs.

    Mentions go to `<lang>/{dev,test}.jsonl`, candidates to `pool/all.jsonl`, pairs to `pairs/{train,dev}.jsonl`. Texts
    are made as XTREME-R makes them (third_party/utils_mewslix.py): the mention, then its sentence with the mention in
    braces; of an entity the sentences of its description.
    """
    written = []
    for split in ("dev", "test"):
        rows: dict[str, list[Example]] = defaultdict(list)
        for article in lines(source / f"wikinews_mentions-{split}.jsonl"):
            for mention in article["mentions"]:
                text = _mention({"context": article["context"], "mention": mention})
                row = {"id": mention["example_id"], "text": text, "relevant": [mention["entity_id"]]}
                rows[article["context"]["language"]].append(row)
        written += [write(target / language / f"{split}.jsonl", queries) for language, queries in sorted(rows.items())]
    for split in ("train", "dev"):
        pairs = (
            {"text_a": _mention(pair["contextual_mention"]), "text_b": _entity(pair["entity"])}
            for pair in lines(source / f"wikipedia_pairs-{split}.jsonl")
        )
        written.append(write(target / "pairs" / f"{split}.jsonl", pairs))
    candidates = (
        {"id": entity["entity_id"], "text": _entity(entity)}
        for entity in lines(source / "candidate_set_entities.jsonl")
    )
    return [*written, write(target / "pool" / "all.jsonl", candidates)]


def _mention(contextual: Mapping[str, Any]) -> str:
    """`mention: sentence with { mention } in it`."""
    context, span = contextual["context"], contextual["mention"]["mention_span"]
    text = context["text"]
    around = [
        (sentence["start"], sentence["end"])
        for sentence in context["sentence_spans"]
        if sentence["start"] <= span["start"] and span["end"] <= sentence["end"]
    ]
    start, end = around[0] if around else (0, len(text))
    left, right = (MARKS.sub(r"(\1)", part) for part in (text[start : span["start"]], text[span["end"] : end]))
    return _plain(f"{span['text']}: {left} {{ {span['text']} }} {right}")


def _entity(entity: Mapping[str, Any]) -> str:
    spans = entity["sentence_spans"]
    return _plain(" ".join(entity["description"][span["start"] : span["end"]] for span in spans))


def _plain(text: str) -> str:
    """On one line, double blanks made one."""
    return " ".join(text.splitlines()).replace("  ", " ").strip()
