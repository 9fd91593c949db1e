"""Spoken commands to a house: three targets, which intent (classification), which slots (tagging) and who asks the same
(retrieval), and tasks in English and in languages that no target of them is in.

PyPI ``home-assistant-intents`` holds templates in many languages, written by people. A template expands into thousands
of near-duplicates, so the templates are split, not the sentences: those of each language are parted into the
splits once, for all data sets together.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from trainables.data.mini.fillers import FILLERS
from trainables.data.mini.packages import data_file
from trainables.data.mini.split import bare, dice, fraction, part
from trainables.data.mini.tables import Table
from trainables.data.mini.templates import SLOTS, Grammar, Unsupported, coarse

EVALUATION_LANGUAGES = ("de", "fr", "ru")
EVALUATION = {"validation": 0.5, "test": 0.5}
TRAINING = {"train": 0.9, "validation": 0.1}

# Intents with templates in every language of the suite; small talk and notices are left out.
INTENTS = (
    "HassCancelTimer",
    "HassClimateGetTemperature",
    "HassClimateSetTemperature",
    "HassDecreaseTimer",
    "HassFanSetSpeed",
    "HassGetCurrentDate",
    "HassGetCurrentTime",
    "HassGetState",
    "HassGetWeather",
    "HassIncreaseTimer",
    "HassLightSet",
    "HassListAddItem",
    "HassMediaNext",
    "HassMediaPause",
    "HassPauseTimer",
    "HassSetPosition",
    "HassSetVolume",
    "HassStartTimer",
    "HassTimerStatus",
    "HassTurnOff",
    "HassTurnOn",
    "HassVacuumReturnToBase",
    "HassVacuumStart",
)
TAGS = ("O", *(f"{edge}-{slot}" for slot in SLOTS for edge in "BI"))

LONGEST = 16  # words


@dataclass(frozen=True)
class Command:
    """A drawn sentence."""

    intent: str
    template: str
    combination: str
    words: list[str]
    tags: list[str]

    @property
    def text(self) -> str:
        return " ".join(self.words)


def intents(train: int, evaluation: int) -> Table:
    """The commands' intents.

    Args:
        train: English rows.
        evaluation: rows of each language and evaluation split.
    """
    table = Table("sentence_classification", tuple(name.removeprefix("Hass") for name in INTENTS))
    number = {intent: i for i, intent in enumerate(INTENTS)}
    for key, commands in _splits(train, evaluation, "intents").items():
        table.rows[key] = [{"text": c.text, "label": number[c.intent]} for c in commands]
    return table


def slots(train: int, evaluation: int) -> Table:
    """The commands' slots; sentences without any are left out."""
    table = Table("tagging", TAGS)
    number = {tag: i for i, tag in enumerate(TAGS)}
    for key, commands in _splits(train, evaluation, "slots").items():
        table.rows[key] = [{"tokens": c.words, "tags": [number[coarse(tag)] for tag in c.tags]} for c in commands]
    return table


def requests(evaluation: int) -> Table:
    """Answer retrieval: for a command those with its intent, among commands in the other languages.

    The other languages alone: commands in its own crowd them out, and tell little about the encoder's training.
    """
    table = Table("answer_retrieval")
    pools = _splits(0, evaluation, "intents")
    # what a pool holds is not asked, in either split
    taken = {bare(command.text) for commands in pools.values() for command in commands}
    for split in EVALUATION:
        for language in EVALUATION_LANGUAGES:
            pool = {
                f"{other}-{number}": command
                for other in EVALUATION_LANGUAGES
                if other != language
                for number, command in enumerate(pools[other, split])
            }
            table.rows[f"pool-{language}", split] = [
                {"id": name, "text": command.text, "relevant": []} for name, command in pool.items()
            ]
            asked = _balanced(
                [c for c in _drawn_for(language, split) if bare(c.text) not in taken], evaluation, "requests"
            )
            table.rows[language, split] = [
                {
                    "id": f"{language}-{number}",
                    "text": query.text,
                    "relevant": [name for name, command in pool.items() if command.intent == query.intent],
                }
                for number, query in enumerate(asked)
            ]
    return table


def details(train: int, validation: int) -> Table:
    """An English task: every word that a list of the templates gave, with the list's own name."""
    commands = [command for command in drawn("en") if set(command.tags) != {"O"}]
    lists = sorted({tag[2:] for command in commands for tag in command.tags if tag != "O"})
    table = Table("tagging", ("O", *(f"{edge}-{name}" for name in lists for edge in "BI")))
    number = {tag: i for i, tag in enumerate(table.labels)}
    for split, count in {"train": train, "validation": validation}.items():
        own = [command for command in commands if template_part("en", command.template) == split]
        table.rows["en", split] = [
            {"tokens": c.words, "tags": [number[tag] for tag in c.tags]} for c in _balanced(own, count, "commands")
        ]
    return table


def combination(train: int, validation: int, languages: Sequence[str] = ("en",)) -> Table:
    """A task: which kinds of things a command names, as the authors of the templates noted it.

    Args:
        languages: of the rows; the kinds are those that are common in English.
    """
    templates: dict[str, set[str]] = defaultdict(set)
    for command in drawn("en"):
        templates[command.combination].add(command.template)
    common = sorted(name for name, own in templates.items() if len(own) >= 8)
    table = Table("sentence_classification", tuple(common))
    number = {name: i for i, name in enumerate(common)}
    for language in languages:
        known = [command for command in drawn(language) if command.combination in number]
        for split, count in {"train": train, "validation": validation}.items():
            own = [c for c in known if template_part(language, c.template) == split]
            table.rows[language, split] = [
                {"text": c.text, "label": number[c.combination]} for c in _balanced(own, count, "combination")
            ]
    return table


def template_part(language: str, template: str) -> str:
    """The split that a template's sentences may stand in."""
    return part(EVALUATION if language in EVALUATION_LANGUAGES else TRAINING, "template", language, template)


def _drawn_for(language: str, split: str) -> list[Command]:
    return [command for command in drawn(language) if template_part(language, command.template) == split]


def _splits(train: int, evaluation: int, purpose: str) -> dict[tuple[str, str], list[Command]]:
    """(language, split) -> commands, no sentence twice in the data set."""
    wanted = {("en", "train"): train}
    for language in EVALUATION_LANGUAGES:
        wanted |= {(language, split): evaluation for split in EVALUATION}
    seen: set[str] = set()
    chosen = {}
    for (language, split), count in wanted.items():
        commands = _drawn_for(language, split)
        if purpose == "slots":
            commands = [c for c in commands if set(c.tags) != {"O"}]
        fresh = [c for c in commands if bare(c.text) not in seen]
        chosen[language, split] = _balanced(fresh, count, purpose)
        seen |= {bare(c.text) for c in chosen[language, split]}
    return chosen


def _balanced(commands: Sequence[Command], count: int, purpose: str) -> list[Command]:
    """Up to ``count`` commands, taking turns over the intents and within an intent over its templates."""
    rounds: list[tuple[int, float, Command]] = []
    turns: dict[str, int] = defaultdict(int)
    for command in _turns(commands):
        turns[command.intent] += 1
        rounds.append((turns[command.intent], fraction(purpose, command.intent, command.text), command))
    picked = [command for *_, command in sorted(rounds, key=lambda entry: entry[:2])[:count]]
    dice(purpose, count).shuffle(picked)
    return picked


def _turns(commands: Sequence[Command]) -> list[Command]:
    """The commands in an order that visits every template once before any a second time."""
    times: dict[str, int] = defaultdict(int)
    keyed = []
    for command in commands:
        times[command.template] += 1
        keyed.append((times[command.template], fraction(command.template), command))
    return [command for *_, command in sorted(keyed, key=lambda entry: entry[:2])]


@cache
def drawn(language: str) -> tuple[Command, ...]:
    """Sentences of the language's templates, each with one intent and once."""
    data = json.loads(data_file("home_assistant_intents", "data", f"{language}.json").read_text(encoding="utf-8"))
    grammar = Grammar(data["lists"], data["expansion_rules"], FILLERS[language])
    lists = Grammar(data["lists"], data["expansion_rules"], {**FILLERS[language], "device": FILLERS[language]["list"]})
    by_words: dict[str, Command | None] = {}
    for intent in INTENTS:
        templates = _templates(data["intents"].get(intent, {"data": []}))
        # few templates: more sentences of each; and more of those to train on
        each = max(2 if language in EVALUATION_LANGUAGES else 5, 60 // max(1, len(templates)))
        for template, (rules, combination) in templates.items():
            random = dice("draw", language, template)
            for _ in range(each):
                try:
                    words, tags = (lists if "List" in intent else grammar).draw(template, rules, random)
                except Unsupported:
                    break
                if not 2 <= len(words) <= LONGEST:
                    continue
                key = bare(" ".join(words))
                known = by_words.get(key, ...)
                if known is ...:
                    by_words[key] = Command(intent, template, combination, words, tags)
                elif known is not None and (known.intent, known.template) != (intent, template):
                    # Said for two intents or by two templates: no right answer, or in two splits.
                    by_words[key] = None
    return tuple(command for command in by_words.values() if command is not None)


def _templates(intent: dict[str, Any]) -> dict[str, tuple[dict[str, str], str]]:
    """An intent's templates, each with the rules of its own and the combination of slots that its authors noted."""
    unique: dict[str, tuple[dict[str, str], str]] = {}
    for block in intent["data"]:
        noted = block.get("metadata", {}).get("slot_combination", "")
        for template in block["sentences"]:
            unique.setdefault(template, (block.get("expansion_rules") or {}, noted))
    return unique
