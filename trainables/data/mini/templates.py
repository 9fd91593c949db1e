"""Commands drawn from hassil templates, with the slots that their words fill."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from hassil.parse_expression import parse_sentence

# A stretch of text and the name of the list that it comes from, if any.
Stretch = tuple[str, str | None]

# Free slots: name of the list -> kind of filler.
_FREE = {
    "area": "area",
    "floor": "floor",
    "name": "device",
    "message": "content",
    "search_query": "query",
    "timer_name": "timer",
    "timer_command": "command",
    "shopping_list_item": "item",
    "todo_list_item": "item",
    "zone": "zone",
}

# Slots of the suite. Thirty-odd lists of the templates are told apart more finely than a few labels can teach.
SLOTS = ("area", "content", "device", "level", "state", "time")

_CONTENT = {"message", "search_query", "timer_name", "timer_command", "shopping_list_item", "todo_list_item"}


@cache
def _parsed(template: str) -> Expression:
    """A template's tree; the same rules and values come up in thousands of sentences."""
    return parse_sentence(template).expression


class Unsupported(ValueError):
    """A template uses a list that the package leaves empty in this language."""


@dataclass(frozen=True)
class Grammar:
    """The templates' lists and rules in one language, with this suite's fillers."""

    lists: dict[str, Any]
    rules: dict[str, str]
    fillers: dict[str, tuple[str, ...]]

    def draw(self, template: str, rules: dict[str, str], dice: random.Random) -> tuple[list[str], list[str]]:
        """One sentence of the template.

        Returns:
            the words, split at white space, and their tags: "O", or B or I and the name of a list.
        """
        stretches = self._draw(_parsed(template), {**self.rules, **rules}, dice, depth=0)
        return _words(stretches)

    def _draw(self, node: Expression, rules: dict[str, str], dice: random.Random, depth: int) -> list[Stretch]:
        if depth > 24:
            raise Unsupported("rules refer to each other")
        if isinstance(node, TextChunk):
            return [(node.original_text, None)]
        if isinstance(node, ListReference):
            return self._fill(node, rules, dice, depth)
        if isinstance(node, RuleReference):
            if node.rule_name not in rules:
                raise Unsupported(node.rule_name)
            return self._draw(_parsed(rules[node.rule_name]), rules, dice, depth + 1)
        assert isinstance(node, Group)
        items = list(node.items)
        if isinstance(node, Alternative):
            items = [dice.choice(items)] if items else []
        elif isinstance(node, Permutation):
            dice.shuffle(items)
        stretches: list[Stretch] = []
        for item in items:
            stretches += self._draw(item, rules, dice, depth + 1)
            if isinstance(node, Permutation):
                stretches.append((" ", None))
        return stretches

    def _fill(self, node: ListReference, rules: dict[str, str], dice: random.Random, depth: int) -> list[Stretch]:
        name = node.list_name
        if name in _FREE:
            return [(dice.choice(self.fillers[_FREE[name]]), name)]
        values = self.lists.get(name)
        if not values:
            raise Unsupported(name)
        if "range" in values:
            bounds = values["range"]
            numbers = range(bounds["from"], bounds["to"] + 1, bounds.get("step", 1))
            return [(str(dice.choice(numbers)), name)]
        if not values.get("values"):
            raise Unsupported(name)
        value = dice.choice(values["values"])
        template = value["in"] if isinstance(value, dict) else value
        parts = self._draw(_parsed(str(template)), rules, dice, depth + 1)
        return [("".join(text for text, _ in parts), name)]


def coarse(tag: str) -> str:
    """The tag with the suite's slot in place of the list's name."""
    edge, _, list_name = tag.partition("-")
    return f"{edge}-{slot_of(list_name)}" if list_name else tag


def slot_of(list_name: str) -> str:
    """The suite's slot for one of the templates' lists."""
    if list_name in ("area", "floor", "zone"):
        return "area"
    if list_name in _CONTENT or list_name.startswith("media"):
        return "content"
    if list_name.startswith("timer"):
        return "time"
    if list_name.endswith("_states") or list_name in ("fan_mode", "color"):
        return "state"
    if list_name == "name" or list_name.endswith(("_classes", "_domains")):
        return "device"
    return "level"


def _words(stretches: list[Stretch]) -> tuple[list[str], list[str]]:
    """Split at white space. A word that a slot fills in part carries the slot's tag."""
    text = "".join(part for part, _ in stretches)
    slots: list[tuple[int, str] | None] = []  # a letter's slot: (number of the stretch, name)
    for number, (part, slot) in enumerate(stretches):
        slots += [(number, slot) if slot else None] * len(part)
    words: list[str] = []
    tags: list[str] = []
    before: tuple[int, str] | None = None
    at = 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        here = next((slot for slot in slots[start:at] if slot), None)
        words.append(word)
        tags.append("O" if here is None else f"{'I' if here == before else 'B'}-{here[1]}")
        before = here
    return words, tags
