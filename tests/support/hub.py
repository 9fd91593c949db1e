"""A local mirror of every hub data set that a built-in card names: a dozen rows each, in the hub's own schema.

The rows are written for these tests. Features are those of the hub (ClassLabel names, lists of structs, types of
numbers), and so is what is awkward about them: strings for labels, -1 and "" for hidden ones, empty answers, newlines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, List, Value

from spaces.card import Card, Split

TEXT, INT = Value("string"), Value("int32")

WORDS = {
    "ar": "القمر فوق القاهرة",
    "de": "Der Mond über Köln",
    "en": "The moon over Paris",
    "hi": "दिल्ली के ऊपर चाँद",
    "ja": "京都の上の月",
    "ru": "Луна над Москвой",
    "sw": "Mwezi juu ya Nairobi",
    "th": "ดวงจันทร์เหนือกรุงเทพ",
    "zh": "北京上空的月亮",
}
"""Language -> the same four words; languages that are not here say it in English."""

COUNT = 12
NLI = ["entailment", "neutral", "contradiction"]
# fmt: off
UPOS = ["ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ",
        "SYM", "VERB", "X"]
# fmt: on
NER = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
TYDI = ["english", "arabic", "bengali", "finnish", "indonesian", "korean", "russian", "swahili", "telugu"]

Table = tuple[dict[str, Any], Callable[[int], dict[str, Any]]]
"""Features, and row by number."""


def sentence(language: str, row: int) -> str:
    return f"{WORDS.get(language, WORDS['en'])} {row}"


def nli(language: str, hidden: bool = False, without_label: int | None = None, **more: Any) -> Table:
    """Without labels where they are hidden, and in one row that nobody agreed on."""

    def row(number: int) -> dict[str, Any]:
        label = -1 if hidden or number == without_label else number % 3
        texts = {"premise": sentence(language, number), "hypothesis": sentence(language, number + 1)}
        return {**texts, "label": label, **{name: make(number) for name, (_, make) in more.items()}}

    kinds = {name: kind for name, (kind, _) in more.items()}
    return {"premise": TEXT, "hypothesis": TEXT, "label": ClassLabel(names=NLI), **kinds}, row


def pairs(columns: tuple[str, str], names: list[str], hidden: bool = False, first: str = "idx") -> Table:
    def row(number: int) -> dict[str, Any]:
        # some sentences of PAWS-X are the literal "NS"
        texts = {columns[0]: "NS" if number == 5 else sentence("en", number), columns[1]: sentence("en", number + 1)}
        return {first: number, **texts, "label": -1 if hidden else number % 2}

    return {first: INT, columns[0]: TEXT, columns[1]: TEXT, "label": ClassLabel(names=names)}, row


def squad(language: str, ids: tuple[str, ...] = ("",), unanswerable: bool = False, title: bool = True) -> Table:
    """`ids` are the beginnings of the ids, in turn; every third question may have no answer."""

    def row(number: int) -> dict[str, Any]:
        context = f" {sentence(language, number)}. {sentence(language, number)}."
        answer = context.split()[1]
        none = unanswerable and number % 3 == 2
        answers = {"text": [] if none else [answer], "answer_start": [] if none else [context.index(answer)]}
        texts = {"title": "Moon", "context": context, "question": f"{sentence(language, number)}?"}
        return {"id": f"{ids[number % len(ids)]}{number}", **texts, "answers": answers}

    texts = ("id", "title", "context", "question") if title else ("id", "context", "question")
    return {**dict.fromkeys(texts, TEXT), "answers": {"text": List(TEXT), "answer_start": List(INT)}}, row


def tagged(column: str, names: list[str], language: str, prefix: str = "", **more: str) -> Table:
    def row(number: int) -> dict[str, Any]:
        tokens = [prefix + word for word in sentence(language, number).split()]
        extra = {name: [value] * len(tokens) for name, value in more.items()}
        return {"tokens": tokens, column: [(number + at) % len(names) for at in range(len(tokens))], **extra}

    kinds = {"tokens": List(TEXT), column: List(ClassLabel(names=names))}
    return {**kinds, **{name: List(TEXT) for name in more}}, row


def hellaswag(hidden: bool) -> Table:
    def row(number: int) -> dict[str, Any]:
        start, end = sentence("en", number), f"the cat {number}"
        return {
            **{"ind": number, "activity_label": "Looking", "ctx_a": f"{start}.", "ctx_b": end},
            **{"ctx": f"{start}. {end.capitalize()}", "endings": [f"ends {choice}." for choice in range(4)]},
            **{"source_id": f"activitynet~{number}", "split": "test" if hidden else "train", "split_type": "indomain"},
            "label": "" if hidden else str(number % 4),
        }

    texts = ("activity_label", "ctx_a", "ctx_b", "ctx", "source_id", "split", "split_type", "label")
    return {"ind": INT, **dict.fromkeys(texts, TEXT), "endings": List(TEXT)}, row


def csqa(hidden: bool) -> Table:
    def row(number: int) -> dict[str, Any]:
        choices = {"label": [*"ABCDE"], "text": [f"place {choice}" for choice in range(5)]}
        key = "" if hidden else "ABCDE"[number % 5]
        question = f"{sentence('en', number)}?"
        return {
            "id": str(number),
            "question": question,
            "question_concept": "moon",
            "choices": choices,
            "answerKey": key,
        }

    choices = {"label": List(TEXT), "text": List(TEXT)}
    return {"id": TEXT, "question": TEXT, "question_concept": TEXT, "choices": choices, "answerKey": TEXT}, row


def cosmosqa(hidden: bool) -> Table:
    def row(number: int) -> dict[str, Any]:
        answers = {f"answer{at}": f"because {at}" for at in range(3)} | {"answer3": "None of the above choices ."}
        texts = {"id": str(number), "context": sentence("en", number), "question": "Why ?"}
        return {**texts, **answers, "label": -1 if hidden else number % 4}

    texts = ("id", "context", "question", "answer0", "answer1", "answer2", "answer3")
    return {**dict.fromkeys(texts, TEXT), "label": INT}, row


def siqa() -> Table:
    def row(number: int) -> dict[str, Any]:
        answers = {f"answer{letter}": f"felt {letter}" for letter in "ABC"}
        texts = {"context": sentence("en", number), "question": "How did they feel?"}
        return {**texts, **answers, "label": f"{number % 3 + 1}\n"}  # its files end each label so

    return dict.fromkeys(("context", "question", "answerA", "answerB", "answerC", "label"), TEXT), row


def copa(language: str, label: Any, hidden: bool = False, **more: Any) -> Table:
    def row(number: int) -> dict[str, Any]:
        texts = {"premise": sentence(language, number), "choice1": "It rained.", "choice2": "It snowed."}
        asked = {"question": ("cause", "effect")[number % 2], "label": -1 if hidden else number // 2 % 2}
        return {**texts, **asked, "idx": number, **dict.fromkeys(more, False)}

    texts = dict.fromkeys(("premise", "choice1", "choice2", "question"), TEXT)
    return {**texts, "label": label, "idx": INT, **more}, row


def translations(first: str, second: str, language: str, end: str = "", **more: str) -> Table:
    def row(number: int) -> dict[str, Any]:
        ids = {name: f"{value}-{number}" for name, value in more.items()}
        return {first: sentence(language, number) + end, second: sentence("en", number) + end, **ids}

    return dict.fromkeys((first, second, *more), TEXT), row


def wikipedia(language: str) -> Table:
    def row(number: int) -> dict[str, Any]:
        texts = {"title": "Moon", "text": f"{sentence(language, number)}\n\n{sentence(language, number + 1)}\n"}
        return {"id": str(number), "url": f"https://{language}.wikipedia.org/wiki/{number}", **texts}

    return dict.fromkeys(("id", "url", "title", "text"), TEXT), row


def xnli_of_xtreme() -> Table:
    """All languages in one configuration, labels as words."""

    def row(number: int) -> dict[str, Any]:
        language = ("en", "de", "zh")[number % 3]
        texts = {"sentence1": sentence(language, number), "sentence2": sentence(language, number + 1)}
        return {"language": language, **texts, "gold_label": NLI[number // 3 % 3]}

    return dict.fromkeys(("language", "sentence1", "sentence2", "gold_label"), TEXT), row


def table(hub: str, config: str, split: str) -> Table:
    """What the hub has there; raises KeyError where it is not known here."""
    language, hidden = config.rpartition(".")[2], split.startswith("test")
    uid, reason = (TEXT, lambda number: f"uid-{number}"), (TEXT, lambda number: "")
    if hub == "google/xtreme":
        named = {
            "udpos": lambda: tagged("pos_tags", UPOS, {"Chinese": "zh", "German": "de"}.get(language, "en")),
            "MLQA": lambda: squad(language),
            "bucc18": lambda: translations(
                "source_sentence", "target_sentence", language, "\n", source_lang=f"{language}-", target_lang="en-"
            ),
            "tatoeba": lambda: translations(
                "source_sentence", "target_sentence", "de", "\n", source_lang="tmp", target_lang="eng"
            ),
            "XNLI": xnli_of_xtreme,
        }
        return named[config.partition(".")[0]]()
    known: dict[str, Callable[[], Table]] = {
        "nyu-mll/glue": lambda: (
            pairs(("question1", "question2"), ["not_duplicate", "duplicate"], hidden)
            if config == "qqp"
            else nli("en", hidden, idx=(INT, lambda number: number))
        ),
        "stanfordnlp/snli": lambda: nli("en", without_label=4),
        "facebook/anli": lambda: nli("en", uid=uid, reason=reason),
        "facebook/xnli": lambda: nli(language),
        "google-research-datasets/paws-x": lambda: pairs(("sentence1", "sentence2"), ["0", "1"], first="id"),
        "rajpurkar/squad": lambda: squad("en"),
        "rajpurkar/squad_v2": lambda: squad("en", unanswerable=True),
        "google/xquad": lambda: squad(language, title=False),
        "google-research-datasets/tydiqa": lambda: squad("en", tuple(f"{name}-" for name in TYDI)),
        "Rowan/hellaswag": lambda: hellaswag(hidden),
        "tau/commonsense_qa": lambda: csqa(hidden),
        "Samsoup/cosmos_qa": lambda: cosmosqa(hidden),
        "lighteval/siqa": siqa,
        "aps/super_glue": lambda: copa("en", ClassLabel(names=["choice1", "choice2"]), hidden),
        "cambridgeltl/xcopa": lambda: copa(language, INT, changed=Value("bool")),
        "unimelb-nlp/wikiann": lambda: tagged("ner_tags", NER, language, langs=language, spans=f"LOC: {language}"),
        "izhx/xtreme-r-udpos": lambda: tagged("pos_tags", UPOS, language),
        "mteb/tatoeba-bitext-mining": lambda: translations("sentence1", "sentence2", "de"),
        "wikimedia/wikipedia": lambda: wikipedia(language),
    }
    return known[hub]()


def write(mirror: Path, hub: str, config: str | None, split: str, made: Table | None = None) -> None:
    """A split of a data set, as it lies in a mirror."""
    features, row = made or table(hub, config or "", split)
    rows = [row(number) for number in range(COUNT)]
    columns = {name: [each[name] for each in rows] for name in features}
    path = Path(mirror, hub, config or "", f"{split}.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(Dataset.from_dict(columns, features=Features(features)).data.table, path)


def mirror(card: Card, folder: Path) -> Path:
    """Write every split that a card names, in every language, unless it is there."""
    for part in card.parts or (card,):
        for split, language in named_splits(part):
            config = part.source.config_for(language)
            for name in part.splits.names(split):
                if not Path(folder, str(part.source.hub), config or "", f"{name}.parquet").exists():
                    write(folder, str(part.source.hub), config, name)
    return folder


def named_splits(card: Card) -> Iterator[tuple[Split, str]]:
    splits: tuple[Split, ...] = ("train", "dev", "test")
    for split in splits:
        if card.splits.names(split):
            yield from ((split, language) for language in card.languages_of(split))
