"""Formats: the kinds of tasks that there are, and what each asks of a card."""

from __future__ import annotations

FORMAT_ROLES: dict[str, tuple[str, ...]] = {
    "pair_classification": ("text_a", "text_b", "label"),
    "sentence_classification": ("text", "label"),
    "tagging": ("tokens", "tags"),
    "span_qa": ("id", "question", "context", "answers"),
    "multiple_choice": ("context", "choices", "label"),
    "retrieval": ("text_a", "text_b"),
    "bitext_mining": ("id", "text", "relevant"),
    "answer_retrieval": ("id", "text", "relevant"),
    "masked_lm": ("text",),
}
"""What the columns of a format mean. `trainables/formats/` holds one module for each."""


LABELLED = frozenset({"pair_classification", "sentence_classification", "tagging"})
"""Formats whose cards list their labels."""


UNTRAINED = frozenset({"retrieval", "bitext_mining", "answer_retrieval"})
"""Formats whose targets may be scored with the encoder as it is, without fine-tuning."""


TRAINED_AS: dict[str, str] = {"bitext_mining": "retrieval", "answer_retrieval": "retrieval"}
"""Format of a target -> the format of the rows that it is fine-tuned on, where that is another one."""


POOLED = frozenset({"bitext_mining", "answer_retrieval"})
"""Formats that look each row up among the candidates of a pool; `relevant` are the ids of those that are right."""


METRICS: dict[str, tuple[str, ...]] = {
    "pair_classification": ("accuracy",),
    "sentence_classification": ("accuracy",),
    "tagging": ("f1", "accuracy"),
    "span_qa": ("qa", "qa_mlqa"),
    "multiple_choice": ("accuracy",),
    "retrieval": ("accuracy",),
    "bitext_mining": ("f1",),
    "answer_retrieval": ("map20",),
    "masked_lm": (),
}
"""The metrics that a format can be scored by. `qa` is the mean of exact match and F1, `qa_mlqa` the same with MLQA's
normalisation of answers."""


METRIC_LANGUAGES: dict[str, frozenset[str]] = {"qa_mlqa": frozenset({"ar", "de", "en", "es", "hi", "vi", "zh"})}
"""Metrics that are defined in some languages alone: MLQA's normalisation knows the articles of its own seven."""
