"""Normalisation and scores of answers: cases by hand, random ones against other programs of the same definition."""

from random import Random

import pytest

from spaces.formats import FORMATS
from tests.support import plain_scores
from trainables.formats.qa_metrics import (
    ARTICLES,
    answer_scores,
    best_threshold,
    mlqa_normal,
    normalization,
    squad_normal,
    word_f1,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Cat's, an apple!", "cats apple"),
        ("Ωμέγα; THE END", "ωμέγα end"),
        ("القاهرة.", "القاهرة"),
        ("القاهرة، مصر", "القاهرة، مصر"),  # the Arabic comma is no ASCII
        ("กรุงเทพมหานคร (Bangkok)", "กรุงเทพมหานคร bangkok"),
        ("กรุงเทพ ๆ", "กรุงเทพ ๆ"),
        ("北京,是首都。", "北京是首都。"),
        ("die Straße", "die straße"),
        ("la a-la", "la ala"),
    ],
)
def test_squads_normal_form(text, normal):
    """XTREME's for XQuAD and TyDiQA, whatever the language."""
    assert squad_normal(text) == normal


@pytest.mark.parametrize(
    ("language", "text", "normal"),
    [
        ("en", "The  Cat’s, “an” apple!", "cats apple"),  # typographic quotes go too
        ("es", "¿La casa de los Ángeles?", "casa de ángeles"),
        ("es", "the house", "the house"),
        ("de", "Die Straße des 17. Juni – eine Allee", "straße 17 juni allee"),
        ("de", "Dieter und einem", "dieter und"),
        ("hi", "दिल्ली, भारत की राजधानी।", "दिल्ली भारत की राजधानी"),  # the danda is punctuation
        ("hi", "the दिल्ली", "the दिल्ली"),
        ("vi", "Những chiếc xe của tôi", "xe tôi"),
        ("ar", "القاهرة، مصر؟", "قاهرة مصر"),  # Arabic comma and question mark
        ("ar", "في الجمهورية العربية", "في جمهورية عربية"),
        ("ar", "والكتاب", "و كتاب"),  # inside a word too, as the published program does
        ("zh", "北京,是首都。", "北 京 是 首 都"),
        ("zh", "在1949年10月 Mao Zedong宣布", "在 1949 年 10 月 mao zedong 宣 布"),
        ("zh", "龦龥", "龦 龥"),  # the list ends at 9fa5
    ],
)
def test_mlqas_normal_form(language, text, normal):
    assert mlqa_normal(text, language) == normal


def test_scores_by_hand_in_each_script():
    german = normalization("qa_mlqa", "de")
    assert answer_scores(["die Allee"], "eine Allee", german) == (1, 1)
    assert answer_scores(["die Allee"], "eine Allee", squad_normal) == (0, 0.5)
    arabic = normalization("qa_mlqa", "ar")
    assert answer_scores(["القاهرة"], "قاهرة", arabic) == (1, 1)
    assert answer_scores(["القاهرة"], "قاهرة", squad_normal) == (0, 0)
    chinese = normalization("qa_mlqa", "zh")
    assert answer_scores(["北京市"], "北京", chinese) == (0, pytest.approx(2 * 2 / 5))
    assert answer_scores(["北京市"], "北京", squad_normal) == (0, 0)  # one word each
    hindi = normalization("qa_mlqa", "hi")
    assert answer_scores(["नई दिल्ली"], "दिल्ली।", hindi) == (0, pytest.approx(2 / 3))
    assert answer_scores(["นคร กรุงเทพ"], "กรุงเทพ", squad_normal) == (0, pytest.approx(2 / 3))


def test_f1_by_hand():
    assert word_f1("big cat", "big dog") == 0.5
    assert word_f1("new york city", "new york") == pytest.approx(0.8)
    assert word_f1("cat cat dog", "cat") == pytest.approx(0.5)
    assert word_f1("", "") == 0, "as evaluate-v1.1 counts: no word in common"
    assert answer_scores(["the"], "a", squad_normal) == (1, 0)


def test_the_best_gold_answer_counts_for_each_metric_on_its_own():
    assert answer_scores(["Paris", "in Paris"], "in paris!", squad_normal) == (1, 1)
    assert answer_scores(["new york city", "boston"], "new york", squad_normal) == (0, pytest.approx(0.8))


def test_a_question_without_an_answer():
    assert answer_scores([], "", squad_normal) == (1, 1)
    assert answer_scores([], "moon", squad_normal) == (0, 0)
    assert answer_scores(["moon"], "", squad_normal) == (0, 0)


def test_cards_are_held_to_the_languages_that_mlqas_normalization_has():
    assert normalization("qa", "th") is squad_normal
    assert FORMATS["span_qa"].metrics["qa_mlqa"] == ARTICLES.keys()


SCRAPS = {
    "en": ["the", "a", "an", "theatre", "cat", "Cat's", "“moon”", "A.", "—", "$5"],
    "es": ["el", "la", "casa", "¿", "unos", "Los", "ángel", "!"],
    "hi": ["दिल्ली", "।", "की", "भारत,", "the"],
    "vi": ["của", "là", "xe", "những", "Hà", "Nội", "cái,"],
    "de": ["der", "Das", "einem", "Straße", "„Haus“", "den", "Denk", "ein."],
    "ar": ["ال", "القاهرة", "و", "مصر،", "؟", "كتاب", "بالبيت"],
    "zh": ["北", "京", "ab", "12", "。", "龥", "《", "the", "鿿"],
}


@pytest.mark.parametrize("language", list(ARTICLES))
def test_random_texts_come_out_as_another_program_has_them(language):
    random = Random(language)
    for _ in range(300):
        text = "".join(random.choice(SCRAPS[language]) + random.choice(["", " ", "  ", "\n"]) for _ in range(9))
        assert mlqa_normal(text, language) == " ".join(plain_scores.mlqa_words(text, language))


def test_random_scores_are_those_of_another_program():
    random = Random(1)
    for _ in range(500):
        gold, text = (" ".join(random.choices("abc", k=random.randint(0, 5))).replace("a", "x") for _ in range(2))
        f1 = plain_scores.words_f1(gold.split(), text.split())
        if gold:
            assert answer_scores([gold], text, squad_normal) == (float(gold == text), pytest.approx(f1))


def test_the_threshold_is_the_best_of_all():
    """Against every threshold there is, with ties."""
    random = Random(2)
    for _ in range(300):
        count = random.randint(1, 8)
        margins = [float(random.randint(-3, 3)) for _ in range(count)]
        empty = [float(random.random() < 0.5) for _ in range(count)]
        answered = [0.0 if none else random.choice([0.0, 0.5, 1.0]) for none in empty]

        def score(threshold, margins=margins, empty=empty, answered=answered):
            pairs = zip(margins, answered, empty, strict=True)
            return sum(none if margin > threshold else one for margin, one, none in pairs)

        found = best_threshold(margins, answered, empty)
        assert score(found) == pytest.approx(max(score(at) for at in [-9.0, *margins]))
