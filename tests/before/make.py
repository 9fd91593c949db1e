"""Makes this fixture with the code before the refactoring. README.md says what is in it and how a test uses it.

    export PYTHONPATH=CHECKOUT TZ=UTC
    python make.py build lab     cards, data, model, two searches, their store
    python make.py record lab    keys.json and answers/ beside it, from a copy

The other commands are not for people: `build` and `record` call them in processes of their own, because the search
`half` ends with SIGKILL. No path of a machine enters anything: cards and model are named relative to the lab, and
everything runs with the lab as the current folder.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve()

# --- texts

NAMES, PLACES = ["anna", "bruno", "clara", "dora"], ["paris", "rome", "oslo", "lima"]
ANIMALS = {"en": ["cat", "dog", "horse", "bird"], "de": ["katze", "hund", "pferd", "vogel"]}
VERBS = {"en": ["sees", "likes", "hears", "finds"], "de": ["sieht", "mag", "hört", "findet"]}
KINDS = {"en": ["old", "young", "big", "small"], "de": ["alte", "junge", "grosse", "kleine"]}
SMALL = {"en": ["the", "in", "not"], "de": ["das", "bei", "nicht"]}
TAGS = ["O", "B-PER", "B-LOC"]

Row = dict[str, Any]


def plans(seed: int, count: int) -> list[dict[str, int]]:
    """Sentences as numbers, so that every language can say them."""
    draw = random.Random(seed)
    parts = ("name", "verb", "kind", "animal", "place", "form")
    return [{part: draw.randrange(4) for part in parts} for _ in range(count)]


def words(plan: dict[str, int], language: str) -> list[tuple[str, int]]:
    """A sentence: words with their tags."""
    the, at, no = SMALL[language]
    name, place = (NAMES[plan["name"]], 1), (PLACES[plan["place"]], 2)
    verb, kind = (VERBS[language][plan["verb"]], 0), (KINDS[language][plan["kind"]], 0)
    animal = [(the, 0), kind, (ANIMALS[language][plan["animal"]], 0)]
    return [
        [name, verb, *animal, (at, 0), place],
        [(at, 0), place, *animal, verb, name],
        [*animal, verb, (no, 0), name],
        [name, verb, (no, 0), *animal],
    ][plan["form"]]


def said(plan: dict[str, int], language: str) -> str:
    return " ".join(word for word, _ in words(plan, language))


def tagging(seed: int, count: int, language: str) -> list[Row]:
    rows = [words(plan, language) for plan in plans(seed, count)]
    return [{"tokens": [word for word, _ in row], "tags": [tag for _, tag in row]} for row in rows]


def topics(seed: int, count: int, language: str) -> list[Row]:
    """The label is the animal: one of a house, or another one."""
    even = [{**plan, "animal": at % 4} for at, plan in enumerate(plans(seed, count))]
    return [{"text": said(plan, language), "label": plan["animal"] // 2} for plan in even]


def pairs(seed: int, count: int) -> list[Row]:
    """The label is whether both are about one animal."""
    first, second = plans(seed, count), plans(seed + 1, count)
    rows = [
        (one, {**other, "animal": one["animal"]} if at % 2 else other)
        for at, (one, other) in enumerate(zip(first, second, strict=True))
    ]
    return [
        {"text_a": said(one, "en"), "text_b": said(other, "en"), "label": int(one["animal"] == other["animal"])}
        for one, other in rows
    ]


def parallel(seed: int, count: int) -> list[Row]:
    return [{"text_a": said(plan, "en"), "text_b": said(plan, "de")} for plan in plans(seed, count)]


# --- the lab

CARD = {"description": "for the tests of what is kept", "origin": "made up", "licence": "CC BY 4.0"}
TRAIN = {"splits": {"train": "train", "dev": None}, "languages": ["en"]}
SCORED = {"splits": {"train": "train", "dev": "dev", "test": "test"}, "languages": ["en", "de"]}

TASKS: dict[str, dict[str, Any]] = {
    "bitext": {"format": "retrieval", "licence": "none", "sizes": {"train": 64}},
    "words": {"format": "tagging", "labels": TAGS, "sizes": {"train": 48}},
    "same": {"format": "pair_classification", "labels": ["other", "same"]},
    "shut": {"format": "sentence_classification", "labels": ["house", "field"], "licence": "not to be shared"},
    "animals": {"format": "sentence_classification", "labels": ["house", "field"], "sizes": {"train": 32}},
    "beasts": {"format": "sentence_classification", "labels": ["house", "field"], "sizes": {"train": 16}},
}
TARGETS: dict[str, dict[str, Any]] = {
    "tags": {
        "format": "tagging",
        "labels": TAGS,
        "metric": "f1",
        "train_language": "en",
        "sizes": {"train": 32, "dev": 24, "test": 20},
    },
    "topics": {
        "format": "sentence_classification",
        "labels": ["house", "field"],
        "metric": "accuracy",
        "train_from": ["animals", "beasts"],
        "train_language": "en",
        "splits": {"train": None, "dev": "dev", "test": "test"},
    },
    "match": {
        "format": "retrieval",
        "metric": "accuracy",
        "languages": ["de"],
        "splits": {"train": None, "dev": "dev", "test": "test"},
        "unverified": "nobody has looked",
    },
}
SUITE = {
    "description": "the three targets",
    "source": "made up; scored like XTREME",
    "notes": ["to be compared with nothing"],
    "groups": {"words": ["tags"], "texts": ["topics", "match"]},
    "tasks": {
        "tags": {"metric": "f1", "languages": ["en", "de"]},
        "topics": {"metric": "accuracy", "languages": ["en", "de"]},
        "match": {"metric": "accuracy", "languages": ["de"]},
    },
}
PUBLISHED = [
    ["suite", "row", "split", "task", "metric", "value", "source"],
    ["tiny", "someone", "test", "tags", "f1", "60.0", "a paper"],
    ["tiny", "someone", "test", "topics", "accuracy", "70.0", "a paper"],
    ["tiny", "someone", "test", "match", "accuracy", "20.0", "a paper"],
    ["tiny", "someone", "dev", "tags", "f1", "61.0", "a paper"],
]

STAGE = {"batch_size": 8, "max_length": 16, "learning_rate": 5e-3, "head_learning_rate": 2e-2}
WHOLE: dict[str, Any] = {
    "name": "whole",
    "model": "model",
    "tasks": ["bitext", "same", "shut", "words"],
    "targets": ["tags", "topics", "match"],
    "cards": ["cards"],
    "space": {
        "max_tasks": 3,
        "min_weight": 0.2,
        "weight_step": 0.1,
        "licences": ["CC BY 4.0", "none"],
        "hyperparameters": {
            "intermediate.learning_rate": {"low": 1e-3, "high": 1e-2, "log": True},
            "intermediate.max_length": {"choices": [16, 48]},
        },
    },
    "stages": {
        "intermediate": {**STAGE, "examples": 64, "micro_batch": 4},
        "target": {**STAGE, "examples": 64, "batch_size": 4},
        "per_target": {"topics": {"examples": [192, 64], "learning_rate": 2e-2}},
    },
    "evaluation": {"batch_size": 16, "max_examples": 20, "layer": "auto"},
    "halving": {"rungs": [0.5, 1.0], "eta": 3},
    "budget": {"recipes": 7},
    "start": {"priors": ["earlier", "published"], "mixtures": ["words:0.6 + same:0.4"]},
    "confirm": {"top": 1, "seeds": 2},
    "sampler": {"estimates": 2, "name": "mixture"},
    "seed": 1,
    "resources": {"concurrency": 1},
    "failures": {"halvings": 2, "max_share": 0.5},
}
"""Over. A proposal with `intermediate.max_length` 48 fails: the model has 20 positions."""

HALF: dict[str, Any] = {
    **WHOLE,
    "name": "half",
    "targets": ["match"],
    "suite": "tiny",
    "seed": 7,
    "space": {"max_tasks": 2, "licences": ["CC BY 4.0", "none"], "exclude": [["same", "bitext"]]},
    "budget": {"recipes": 6, "until": "expected gain < 0.01"},
    "start": {"priors": ["earlier", "published"], "all_tasks": False},
    "confirm": {"top": 1, "seeds": 1},
    "sampler": {"estimates": 2, "name": "mixture", "probe": "logme"},
    "failures": {"halvings": 2},
}
"""Killed. Begins with what `whole` has found; judges estimates by LogME."""


def write_lab(lab: Path) -> None:
    for kind, cards in (("tasks", TASKS), ("targets", TARGETS)):
        for name, card in cards.items():
            target = kind == "targets"
            source = {"files": f"data/{name}", **({"config": "{lang}"} if target else {})}
            write_yaml(
                lab / "cards" / kind / f"{name}.yaml",
                {**CARD, **(SCORED if target else TRAIN), "source": source, **card},
            )
    write_yaml(lab / "cards/suites/tiny.yaml", SUITE)
    with (lab / "cards/suites/published.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(PUBLISHED)
    data = lab / "data"
    write_rows(data / "bitext", "train", parallel(10, 64))
    write_rows(data / "words", "train", tagging(20, 48, "en"))
    write_rows(data / "same", "train", pairs(30, 48))
    write_rows(data / "shut", "train", topics(40, 16, "en"))
    write_rows(data / "animals", "train", topics(50, 32, "en"))
    write_rows(data / "beasts", "train", topics(60, 16, "en"))
    write_rows(data / "tags/en", "train", tagging(70, 32, "en"))
    # Of the dev split a sample is scored, of the test split all rows, or nothing could be exported.
    for number, (split, count) in enumerate({"dev": 24, "test": 20}.items()):
        for language in ("en", "de"):
            write_rows(data / "tags" / language, split, tagging(80 + number, count, language))
            write_rows(data / "topics" / language, split, topics(90 + number, count, language))
        write_rows(data / "match/de", split, parallel(100 + number, count))
    write_yaml(lab / "whole.yaml", WHOLE)
    write_yaml(lab / "half.yaml", HALF)
    write_model(lab / "model")


def write_yaml(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), encoding="utf-8")


def write_rows(folder: Path, split: str, rows: Sequence[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")


def write_model(folder: Path) -> None:
    """A new encoder of about 1,300 parameters that knows the words above."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import AutoModel, BertConfig, PreTrainedTokenizerFast

    from trainables import encoders

    known = [
        *NAMES,
        *PLACES,
        *(word for part in (ANIMALS, VERBS, KINDS, SMALL) for each in part.values() for word in each),
    ]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *known]
    numbers = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=100,  # more than there are words: `plan` measures speed on tokens below 100
        hidden_size=6,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=12,
        max_position_embeddings=20,
        pad_token_id=0,
        attn_implementation="eager",
    )
    encoders.save(AutoModel.from_config(config).eval(), fast, folder)


# --- the searches, with one worker and no Ray


def drive(name: str, dies: bool) -> None:
    """Run the search `name` of the current folder to its end, or to where SIGKILL ends it."""
    import torch
    from search.agenda import Agenda
    from search.home import Place
    from trainables.outcome import Outcome

    from search import earlier, search_file
    from search.studies import Studies
    from trainables.data import Data
    from trainables.store import Store
    from trainables.work import Worker

    torch.set_num_threads(1)
    file = Path(f"{name}.yaml")
    search = search_file.load(file)
    place = Place.of(search.config)
    place.enter(search, file)
    kinds: dict[Any, str] = {}

    class Listener:
        def started(self, item: Any, kind: str) -> None:
            kinds[item] = kind

        def progressed(self, item: Any, progress: Any) -> None: ...

        def finished(self, item: Any, outcome: Any) -> None:
            scores = {target: round(score.score, 3) for target, score in outcome.scores.items()}
            failed = f" {outcome.failure.message}" if outcome.failure else ""
            seed, mix = item.recipe.seed, item.recipe.mixture or "none"
            more = f"reused {outcome.reused} smaller {outcome.micro_batches}"
            print(f"{name}: {kinds[item]} {mix} seed {seed} rung {item.rung}: {scores}{failed} {more}", flush=True)

    with place.alone() as lease:
        Store(place.store, place.cache).check()
        plan, data = search.plan(place.store, str(place.cache)), Data(place.cache, search.config.storage.mirror)
        studies = Studies.create(place.studies, search, guard=lease.check)
        studies.remember(search.config)
        earlier.remember(search, place, studies)
        studies.remember_data({card.name: data.version(card) for card in plan.cards()})
        worker = Worker(plan.model_copy(update={"versions": studies.versions}))
        agenda = Agenda(search, studies, [Listener()])
        put_score, proposed = worker.store.put_score, False

        def put_and_die(key: str, score: dict[str, Any]) -> None:
            put_score(key, score)
            os.kill(os.getpid(), signal.SIGKILL)

        while (item := agenda.next()) is not None:
            if dies and proposed and len(item.targets) > 1:
                worker.store.put_score = put_and_die  # type: ignore[method-assign]
            proposed = proposed or kinds[item] == "proposal"
            with ShortOfMemory() if dies and kinds[item] == "proposal" else Enough():
                *_, outcome = worker.run(item)
            assert isinstance(outcome, Outcome)
            agenda.done(item, outcome)
        assert agenda.over and not agenda.stop_reason, agenda.stop_reason


class Enough:
    """A context in which nothing is changed."""

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...


class ShortOfMemory:
    """A context in which intermediate stages have memory for 2 examples at a time, on a machine that is made up."""

    def __enter__(self) -> None:
        import torch

        from trainables import trainer

        self._before = {name: getattr(trainer, name) for name in ("train", "hardware")}
        train = self._before["train"]

        def tight(model: Any, tokenizer: Any, features: Any, spec: Any, heads: Any = None) -> Any:
            if spec.cards.keys() <= set(WHOLE["tasks"]) and (spec.settings.micro_batch or 99) > 2:
                raise torch.OutOfMemoryError("out of memory, for the fixture")
            return train(model, tokenizer, features, spec, heads)

        made_up: Any = trainer
        made_up.train, made_up.hardware = tight, lambda: {"device": "cpu", "memory": 1}

    def __exit__(self, *error: object) -> None:
        from trainables import trainer

        for name, value in self._before.items():
            setattr(trainer, name, value)


# --- build


def run(arguments: Sequence[str], lab: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TASKMIX_HOME": "home", "TASKMIX_CACHE": "cache", "TZ": "UTC", "NO_COLOR": "1"}
    environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=lab, env=environment, text=True, **more)


def build(lab: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="taskmix-before-") as folder:
        scratch = Path(folder) / "lab"
        scratch.mkdir()
        write_lab(scratch)
        run([str(HERE), "drive", "whole"], scratch, check=True)
        run(
            ["-m", "search", "gc", "whole", "--yes"], scratch, check=True
        )  # smaller; `half` keeps what it does not need
        killed = run([str(HERE), "drive", "half", "--dies"], scratch)
        assert killed.returncode == -signal.SIGKILL, killed.returncode
        for name in ("whole", "half"):
            file = scratch / "home" / name / "search.yaml"
            text = file.read_text(encoding="utf-8")
            absolute = str((scratch / "cards").resolve())
            assert text.count(absolute) == 1
            file.write_text(text.replace(absolute, "../../cards"), encoding="utf-8")
            file.chmod(0o644)
            tidy(scratch / "home" / name / "studies.db")
        for part in ("cards", "data", "home", "model", "whole.yaml", "half.yaml"):
            place = lab / part
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
            shutil.move(scratch / part, place)


def root() -> Path:
    import search

    return Path(str(search.__file__)).resolve().parent.parent


def tidy(database: Path) -> None:
    """The database as text, without a path or a name of this machine. Nothing else is changed."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=DELETE")  # takes in what the killed driver left in the log
    for before, after in ((str(root()), "/taskmix"), (sys.prefix, "/usr"), (sys.base_prefix, "/usr")):  # in tracebacks
        connection.execute("UPDATE trial_user_attributes SET value_json = replace(value_json, ?, ?)", (before, after))
    connection.execute("UPDATE taskmix_leases SET host = 'elsewhere', machine = 'elsewhere 0 pid:[0]'")
    connection.execute("UPDATE taskmix_leases SET taken = taken - 60, expires = expires - 60")  # it has run out
    text = "".join(f"{line}\n" for line in connection.iterdump())
    connection.close()
    database.with_suffix(".sql").write_text(text, encoding="utf-8")
    for file in database.parent.glob("studies.db*"):
        file.unlink()


def unpack(lab: Path, to: Path) -> None:
    """A copy of the lab to work on, with its databases made of their text. A test does the same."""
    shutil.copytree(lab, to)
    for text in to.glob("home/*/studies.sql"):
        connection = sqlite3.connect(text.with_suffix(".db"))
        connection.executescript(text.read_text(encoding="utf-8"))
        connection.close()
        text.unlink()


# --- record

CARDS = [
    "words",
    "bitext",
    "shut",
    "tags",
    "topics",
    "match",
    "mnli",
    "anli_plus",
    "xnli",
    "squad_v1",
    "tatoeba",
    "genres",
    "panx",
]
COMMANDS: dict[str, list[str]] = {
    **{f"best.{one}": ["best", "whole", "--format", one] for one in ("json", "csv", "table")},
    "best.top10.json": ["best", "whole", "--target", "tags", "--top", "10", "--format", "json"],
    "best.top10.csv": ["best", "whole", "--target", "tags", "--top", "10", "--format", "csv"],
    **{f"suite.{one}": ["best", "whole", "--suite", "tiny", "--format", one] for one in ("json", "csv", "table")},
    **{f"status.{one}": ["status", "whole", "--format", one] for one in ("json", "csv", "table")},
    **{f"searches.{one}": ["status", "--format", one] for one in ("json", "csv", "table")},
    **{f"tasks.{one}": ["tasks", *CARDS, "--cards", "cards", "--format", one] for one in ("json", "csv", "table")},
    **{f"half.best.{one}": ["best", "half", "--format", one] for one in ("json", "csv", "table")},
    **{f"half.status.{one}": ["status", "half", "--format", one] for one in ("json", "csv", "table")},
    "plan.txt": ["plan", "whole.yaml"],
    "half.plan.txt": ["plan", "half.yaml"],
    "half.plan.simulate.txt": ["plan", "half.yaml", "--simulate"],
    "gc.txt": ["gc", "whole"],
    "half.gc.txt": ["gc", "half"],
}
"""File in answers/ -> arguments; `gc` ends with 2, because nobody is there to be asked."""


def record(lab: Path) -> None:
    answers = lab.parent / "answers"
    shutil.rmtree(answers, ignore_errors=True)
    answers.mkdir()
    with tempfile.TemporaryDirectory(prefix="taskmix-before-") as folder:
        copy = Path(folder) / "lab"
        unpack(lab, copy)
        commands = {}
        for file, arguments in COMMANDS.items():
            done = run(["-m", "search", *arguments], copy, capture_output=True)
            (answers / file).write_text(done.stdout, encoding="utf-8")
            commands[file] = {"arguments": arguments, "code": done.returncode, "stderr": done.stderr}
        write_json(answers / "commands.json", commands)
        run(["-m", "search", "export", "whole", "--format", "tiny", "--out", "export"], copy, check=True)
        shutil.copytree(copy / "export", answers / "export")
        run([str(HERE), "keys", str(lab.parent / "keys.json")], copy, check=True)
        run([str(HERE), "again"], copy, check=True)
        resumed = run([str(HERE), "resume"], copy, check=True, capture_output=True)
        (answers / "half.resumed.json").write_text(resumed.stdout, encoding="utf-8")
        # The finished search without its database: driven again from the beginning, it trains nothing.
        shutil.rmtree(copy / "home/half")
        (copy / "home/whole/studies.db").unlink()
        run([str(HERE), "drive", "whole"], copy, check=True)


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def opened(name: str) -> tuple[Any, Any, Any, Any]:
    """Search, place, studies and plan of a search of the current folder, as a driver that goes on with it has them."""
    from search import home
    from search.studies import Studies

    search, place = home.find(name)
    studies = Studies.open(place.studies, search)
    plan = search.plan(place.store, str(place.cache)).model_copy(update={"versions": studies.versions})
    return search, place, studies, plan


def keys(file: Path) -> None:
    """All keys that the two searches of the current folder have or may have, and what is in their store."""
    found: dict[str, Any] = {"searches": {}}
    for name in ("whole", "half"):
        _, _, studies, plan = opened(name)
        standing = studies.standing
        recipes = {**standing.recipes, **standing.estimated}
        found["searches"][name] = {
            "rungs": plan.rungs,
            "targets": list(plan.targets),
            "versions": studies.versions,
            "recipes": {digest: dict(_keys_of(plan, recipe)) for digest, recipe in recipes.items()},
            "work_items": [
                {
                    "item": one.item.to_dict(),
                    "key": one.item.key,
                    "kind": one.kind,
                    "owner": one.target,
                    "state": one.state.name,
                    "scores": {target: plan.key_of(one.item, target) for target in one.item.targets},
                }
                for one in studies.owners()
            ],
        }
    store = Path("home/store")
    found["store"] = {
        part: sorted(path.name for path in (store / part).iterdir() if path.is_file())
        for part in ("encoders", "scores", "predictions", "limits")
        if (store / part).is_dir()
    }
    found["encoder_files"] = {
        path.name: sorted(file.name for file in path.iterdir())
        for path in sorted((store / "encoders").iterdir())
        if path.is_dir()
    }
    file.write_text(_laid_out(found) + "\n", encoding="utf-8")


def _laid_out(value: Any, indent: str = "") -> str:
    """JSON, with what is short on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or len(flat) < 500:
        return flat
    inner = indent + " "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + _laid_out(one, inner) for one in value) + f"\n{indent}]"
    lines = (f"{inner}{json.dumps(key)}: {_laid_out(one, inner)}" for key, one in value.items())
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _keys_of(plan: Any, recipe: Any) -> Iterator[tuple[str, Any]]:
    """Everything that the plan can be asked about a recipe."""
    from trainables.item import evidence_key

    yield "recipe", recipe.to_dict()
    yield "family", recipe.family
    for rung in range(len(plan.rungs)):
        yield (
            f"rung {rung}",
            {
                "encoder": plan.encoder_key(recipe, rung),
                "singles": plan.single_keys(recipe, rung),
                "segments": plan.segments(recipe, rung),
                "scores": {target: plan.score_key(recipe, rung, target) for target in plan.targets},
                "merged": {target: plan.score_key(recipe, rung, target, rung) for target in plan.targets},
                "evidence": {
                    target: evidence_key(plan.score_key(recipe, rung, target, rung)) for target in plan.targets
                },
            },
        )


def resume() -> None:
    """Go on with `half` in the current folder, in this process, to its end; say what each work item took."""
    import torch
    from search.agenda import Agenda
    from trainables.outcome import Outcome

    from search.studies import Studies
    from trainables.work import Worker

    torch.set_num_threads(1)
    search, place, _, plan = opened("half")
    took = []
    with place.alone() as lease:
        studies = Studies.create(place.studies, search, guard=lease.check)
        worker, agenda = Worker(plan), Agenda(search, studies)
        while (item := agenda.next()) is not None:
            owner = studies.standing.owner(item)
            *_, outcome = worker.run(item)
            assert isinstance(outcome, Outcome)
            agenda.done(item, outcome)
            took.append(
                {
                    "kind": owner.kind if owner else None,
                    "item": item.to_dict(),
                    "key": item.key,
                    "reused": outcome.reused,
                    "examples": outcome.examples,
                    "scores": {target: score.score for target, score in outcome.scores.items()},
                }
            )
        assert agenda.over
    print(json.dumps(took, indent=1, ensure_ascii=False))


def again() -> None:
    """Do the work items of both searches of the current folder once more: all that was finished is in the store."""
    from trainables.outcome import Outcome

    from trainables.work import Worker

    for name in ("whole", "half"):
        _, _, studies, plan = opened(name)
        worker, kinds = Worker(plan), set()
        for owner in studies.owners():
            if owner.state.name == "RUNNING":
                continue
            *_, outcome = worker.run(owner.item)
            assert isinstance(outcome, Outcome)
            assert outcome.examples == 0 and outcome.training_seconds == 0
            if outcome.failure:
                assert owner.failure and owner.failure.message == outcome.failure.message
            else:
                assert outcome.reused == list(owner.item.targets)
                for target, score in outcome.scores.items():
                    kept = studies.standing.at(target, owner.recipe.digest, owner.rung, owner.item.merged)
                    assert kept is not None and kept.score == score
            kinds.add(owner.kind + (" failed" if outcome.failure else ""))
        print(name, "again, from the store alone:", ", ".join(sorted(kinds)))


def main() -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("build", "record", "keys"):
        commands.add_parser(name).add_argument("place", type=Path)
    driving = commands.add_parser("drive")
    driving.add_argument("name")
    driving.add_argument("--dies", action="store_true")
    commands.add_parser("resume")
    commands.add_parser("again")
    options = parser.parse_args()
    if options.command == "drive":
        drive(options.name, options.dies)
    elif options.command in ("resume", "again"):
        {"resume": resume, "again": again}[options.command]()
    else:
        {"build": build, "record": record, "keys": keys}[options.command](options.place.resolve())


if __name__ == "__main__":
    main()
