"""Whether a target is zero-shot in a language: nothing that was trained on is the target's own data in it."""

from __future__ import annotations

from collections.abc import Iterable

from spaces.card import Card


def seen_languages(tasks: Iterable[Card], target: Card) -> list[str]:
    """The target's languages in which these tasks train on its own data, so that it is not zero-shot there.

    Own data: the same source and configuration. The language that the target is fine-tuned in does not count: every
    mixture is followed by that.
    """
    trained = [part for task in tasks for part in (task.parts or (task,))]
    seen = {
        language
        for part in trained
        for language in training_languages(part)
        if language != target.train_language and _is_own(part, target, language)
    }
    return [language for language in dict.fromkeys([*target.languages, *target.dev_languages]) if language in seen]


def training_languages(task: Card) -> list[str]:
    """The languages of a task's training rows: one, where languages are other rows, else all that the card names."""
    if task.parts:
        return sorted({language for part in task.parts for language in training_languages(part)})
    return [task.training_language] if task.source.by_language else sorted(task.languages)


def _is_own(task: Card, target: Card, language: str) -> bool:
    one, other = task.source, target.source
    if one.tasks or one.location != other.location:
        return False
    same_config = one.config_for(language) == other.config_for(language)
    return same_config and one.rows_for(language) == other.rows_for(language)
