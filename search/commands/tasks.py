"""`taskmix tasks`: the cards, and whether they are as their data."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from search.commands.command import Commands, add_format

if TYPE_CHECKING:
    from spaces.card import Card


def add_to(commands: Commands) -> None:
    parser = commands.add("tasks", _tasks, "list the cards: intermediate tasks and targets")
    parser.add_argument("names", nargs="*", metavar="NAME", help="cards; default: all")
    parser.add_argument("--cards", type=Path, action="append", default=[], help="a folder with further cards")
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare the cards with their data (of --cards, without NAME: those in that folder); 1 when one differs",
    )
    parser.add_argument("--mirror", help="with --check: a folder or URL laid out like the hub, instead of the hub")
    add_format(parser)


def _tasks(options: argparse.Namespace) -> int:
    from search.display import report
    from search.service.client import find_service

    if (service := find_service()) and not options.check:
        found = [service.cards(name) for name in options.names] or [service.cards()]
        answer = found[0].model_copy(
            update={
                "tasks": sorted((card for one in found for card in one.tasks), key=lambda card: card.name),
                "targets": sorted((card for one in found for card in one.targets), key=lambda card: card.name),
            }
        )
        print(report.render(answer, options.format))
        return 0
    from search.results.cards import list_cards
    from spaces.catalogue import Catalogue

    if options.check:
        return _check(options)
    catalogue = Catalogue.load(options.cards)
    if options.names:
        catalogue = catalogue.only(options.names)
    print(report.render(list_cards(catalogue), options.format))
    return 0


def _check(options: argparse.Namespace) -> int:
    """Compares the cards that can be read with their data; raises InputError for the others in the end."""
    from spaces.catalogue import load_readable
    from spaces.errors import InputError

    catalogue, unread, problems = load_readable(options.cards)
    names = [name for name in options.names if name.partition(".")[0] not in unread]
    if options.names:
        catalogue = catalogue.only(names)
    elif options.cards:
        catalogue = catalogue.of(options.cards)
    cards = [*catalogue.tasks.values(), *catalogue.targets.values()]
    asked_for = [card for card in cards if options.names or not card.source.suite]  # we make the suites ourselves
    failed = _check_cards(asked_for, options.mirror)
    if problems:
        raise InputError(problems)
    return failed


def _check_cards(cards: Sequence[Card], mirror: str | None) -> int:
    """A line for each card, as soon as it is known; a few more where it is not as its data."""
    from search.checks.check import Check
    from search.config.workspace import cache_folder
    from search.display.terminal import Terminal
    from trainables.data.card_check import looked_at
    from trainables.hub.hub import Hub

    failed, left_out, is_away = 0, 0, False
    with Terminal() as terminal:
        hub = Hub(cache_folder(None), say=terminal.say)
        for card in cards:
            of_hub = mirror is None and bool(card.repositories)
            if of_hub and is_away:
                left_out += 1
                continue
            found = looked_at(card, hub, mirror)
            failed += found.state == "failed"
            terminal.check(Check(card.name, card.kind, found.state, str(found)))
            is_away |= of_hub and found.is_cut and hub.is_away
    looked = len(cards) - left_out
    if failed:
        one_differs = "1 of 1 card differs from its data"
        print(one_differs if looked == 1 else f"{failed} of {looked} cards differ from their data")
    elif cards:
        print("no card differs from its data")
    if left_out:
        print(f"the hub is out of reach: {left_out} cards were not looked at")
    return 1 if failed else 0
