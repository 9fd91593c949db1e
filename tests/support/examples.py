"""A few rows of every format, in several scripts. No torch at import."""

from __future__ import annotations

from typing import Any

TEXTS = [
    "The cat sat on the mat and looked at the moon over Paris.",
    "Why did the little dog run away from New York in January?",
    "Die Katze saß auf der Matte und sah den Mond über Köln an.",
    "Le chat était assis sur le tapis; il regardait la lune à Paris.",
    "القطة جلست على السجادة ونظرت إلى القمر فوق القاهرة",
    "猫坐在垫子上看着北京的月亮。",
    "แมวนั่งบนเสื่อและมองดวงจันทร์เหนือกรุงเทพ",
    "Кошка сидела на коврике и смотрела на луну над Москвой.",
]
"""Sentences that the tokenizers are trained on."""

EXAMPLES: dict[str, dict[str, list[Any]]] = {
    "pair_classification": {
        "text_a": [TEXTS[0], TEXTS[1], TEXTS[4], TEXTS[5]],
        "text_b": ["the cat looked", TEXTS[2], "القمر", "月亮"],
        "label": [1, 0, 2, 1],
    },
    "sentence_classification": {"text": [*TEXTS[:5]], "label": [0, 1, 2, 0, 1]},
    "tagging": {
        "tokens": [text.split() for text in TEXTS[:4]],
        "tags": [[(7 * at + row) % 5 for at, _ in enumerate(text.split())] for row, text in enumerate(TEXTS[:4])],
    },
    "span_qa": {
        "id": ["0", "1", "2", "3"],
        "question": ["Where is the moon?", "أين القمر؟", "月亮在哪里?", "Who?"],
        "context": [TEXTS[0], TEXTS[4], TEXTS[5], TEXTS[2]],
        "answers": [
            {"text": ["Paris"], "answer_start": [TEXTS[0].index("Paris")]},
            {"text": ["القاهرة"], "answer_start": [TEXTS[4].index("القاهرة")]},
            {"text": ["北京"], "answer_start": [TEXTS[5].index("北京")]},
            {"text": [], "answer_start": []},
        ],
    },
    "multiple_choice": {
        "context": [TEXTS[0], TEXTS[3], TEXTS[7]],
        "choices": [["cat", "the little dog ran", "moon"], ["Paris", "la lune", "le"], ["на луну", "над", "кошка"]],
        "label": [0, 2, 1],
    },
    "retrieval": {"text_a": TEXTS[:4], "text_b": TEXTS[4:]},
    "bitext_mining": {"id": list("abcd"), "text": TEXTS[:4], "relevant": [["a"], ["b"], [], ["a"]]},
    "answer_retrieval": {"id": list("abcd"), "text": TEXTS[4:], "relevant": [["a", "b"], ["b"], ["d"], ["a"]]},
    "masked_lm": {"text": TEXTS[:6]},
}
"""Format -> canonical rows."""

ROWS = {"text": ["the moon", "Paris", "the cat"], "label": [0, 2, 1]}
"""A table of sentence_classification."""
