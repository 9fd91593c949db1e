"""`taskmix new`: a first version of a card for data of one's own, or of the hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from search.commands.command import Commands
from search.formatting import typed


def add_to(commands: Commands) -> None:
    parser = commands.add("new", _new, "look at data and write a card for them")
    parser.add_argument("kind", choices=("task", "target"))
    parser.add_argument("data", metavar="DATA", help="a folder, a file, or a data set of the hub: OWNER/NAME")
    parser.add_argument("--name", help="of the card; default: that of the data")
    parser.add_argument("--cards", type=Path, default=Path("cards"), help="the folder for cards; default: cards")
    parser.add_argument("--config", help="configuration of a data set of the hub")


def _new(options: argparse.Namespace) -> int:
    from search.config.workspace import cache_folder
    from spaces.catalogue import KINDS, read_card
    from spaces.errors import InputError, Problem
    from trainables.data.card_check import looked_at
    from trainables.data.draft.card_draft import draft_card
    from trainables.hub.hub import Hub

    sub = next(sub for sub, kind in KINDS.items() if kind == options.kind)
    hub = Hub(cache_folder(None), say=print)
    draft = draft_card(options.kind, options.data, options.name, options.cards / sub, hub, options.config)
    file = options.cards / sub / f"{draft.name}.yaml"
    if file.exists():
        raise InputError(Problem("there is a card of that name", str(file), fix="delete it, or give another --name"))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(draft.text, encoding="utf-8")
    print(f"# {file}\n{draft.text}")
    card = read_card(file)  # alone: what is wrong with those beside it, --check says
    report = looked_at(card, hub, None)
    print(f"{card.name}: {report}")
    advice = f"read the comments, mend what is wrong, then: taskmix tasks --cards {options.cards} --check {card.name}"
    print(typed(advice))
    print(f"in the search file: cards: [{options.cards}], {sub}: [{card.name}]")
    return 1 if report.state == "failed" else 0
