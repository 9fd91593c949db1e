"""Messages of a web shop and of a web framework with their translations: what buttons, forms and pages say.

PyPI ``django-oscar``, a shop, and ``Django``, which it needs, ship their translations as gettext catalogues under the
license of the programs, BSD. The catalogues are read as files. The shop's messages are a target, the framework's a
task, and no English message is in both.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from trainables.data.mini.packages import data_file
from trainables.data.mini.split import bare, dice, part
from trainables.data.mini.tables import Row, Table

EVALUATED = {"fr": "fr", "ru": "ru_RU", "fa": "fa", "tr": "tr", "vi": "vi"}
"""Language of the target -> the shop's catalogue of it. No translation into any of them is trained on."""

TRAINED = "de"
"""Language of the task's translations."""

FRAMEWORK = (
    ("conf",),
    *(("contrib", name) for name in ("admin", "admindocs", "auth", "contenttypes", "flatpages", "gis", "humanize")),
    *(("contrib", name) for name in ("postgres", "redirects", "sessions", "sites")),
)
"""Parts of Django that have a catalogue."""

SHORTEST, LONGEST = 12, 160
"""Characters of an English message. Shorter ones are mostly single words, which others repeat."""

POOLS = {"dev": 0.5, "test": 0.5}

_PLACEHOLDER = re.compile(r"%\(\w*\)?[a-z]|%[a-z]|\{\w*\}|<[^>]+>|&\w+;")


@dataclass(frozen=True)
class Message:
    """An English message, and its text in other languages by their codes."""

    text: str
    translations: dict[str, str]


def read_shop() -> list[Message]:
    """The shop's messages that have a translation into each language of the target, in the order of their text.

    Left out are those that the framework has too, and those that share their text or a translation with another one:
    neither of them would be the right answer.
    """
    texts = {
        language: _read(data_file("oscar", "locale", folder, "LC_MESSAGES", "django.po"), language)
        for language, folder in EVALUATED.items()
    }
    known = {bare(text) for text in read_framework()}
    everywhere = sorted(set.intersection(*(set(catalogue) for catalogue in texts.values())))
    messages = [Message(text, {language: texts[language][text] for language in texts}) for text in everywhere]
    messages = [message for message in messages if bare(message.text) not in known]
    times = Counter(key for message in messages for key in _keys(message))
    return [message for message in messages if all(times[key] == 1 for key in _keys(message))]


def read_framework() -> dict[str, str]:
    """English message of the framework -> its German translation."""
    files = [data_file("django", *folder, "locale", TRAINED, "LC_MESSAGES", "django.po") for folder in FRAMEWORK]
    return {text: translation for file in files for text, translation in _read(file, TRAINED).items()}


def translations() -> Table:
    """English messages of the framework, each with its German translation: a dual encoder's pairs."""
    pairs: list[Row] = [{"text_a": text, "text_b": other} for text, other in sorted(read_framework().items())]
    dice("translations").shuffle(pairs)
    return Table("retrieval", rows={(TRAINED, "train"): pairs})


def messages(shop: list[Message], evaluation: int) -> Table:
    """Find the translation of an English message of the shop among `evaluation` ones; the same in each language."""
    rows: dict[tuple[str, str], list[Row]] = {}
    for split, pool in (("validation", "dev"), ("test", "test")):
        drawn = [message for message in shop if part(POOLS, "message", message.text) == pool]
        dice("messages", pool).shuffle(drawn)
        for language in EVALUATED:
            rows[language, split] = [
                {"text_a": message.text, "text_b": message.translations[language]} for message in drawn[:evaluation]
            ]
    return Table("retrieval", rows=rows)


def _keys(message: Message) -> list[tuple[str, str]]:
    return [("en", bare(message.text)), *((language, bare(text)) for language, text in message.translations.items())]


def _read(path: Path, language: str) -> dict[str, str]:
    """English message -> translation. Placeholders and markup would give it away, so no message has them."""
    from babel.messages.pofile import read_po  # of another package: a built suite is used without it

    with path.open("rb") as file, redirect_stdout(None), redirect_stderr(None):  # it complains of comments
        catalogue = read_po(file, locale=language)
    texts: dict[str, str] = {}
    for message in catalogue:
        if not isinstance(message.id, str) or not isinstance(message.string, str) or message.fuzzy or message.context:
            continue
        text, translation = " ".join(message.id.split()), " ".join(message.string.split())
        is_plain = not _PLACEHOLDER.search(text) and not _PLACEHOLDER.search(translation)
        if is_plain and SHORTEST <= len(text) <= LONGEST and " " in text and bare(translation) not in ("", bare(text)):
            texts[text] = translation
    return texts
