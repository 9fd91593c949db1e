from itertools import pairwise

import pytest
import torch
from datasets import Dataset

from trainables.formats import span_qa
from trainables.formats.span_qa import NO_ANSWER, OUTSIDE, best_spans
from trainables.work.settings import EvaluationSettings

KINDS = ["bert", "xlm-r", "modernbert"]

CASES = [
    ("The cat sat on the mat and looked at the moon over Paris.", "Paris"),
    ("القطة جلست على السجادة ونظرت إلى القمر فوق القاهرة", "القمر فوق"),
    ("猫坐在垫子上看着北京的月亮。", "北京"),
    ("แมวนั่งบนเสื่อและมองดวงจันทร์เหนือกรุงเทพ", "กรุงเทพ"),
    ("Кошка сидела на коврике", "Кошка"),
]


def features(kit, card, context, answer, max_length=64, start=None, question="Where is the moon?"):
    answers = {"text": [], "answer_start": []}
    if answer is not None:
        answers = {"text": [answer], "answer_start": [context.index(answer) if start is None else start]}
    rows = {"id": ["0"], "question": [question], "context": [context], "answers": [answers]}
    made = span_qa.FORMAT.features(rows, card, kit.tokenizer, max_length)
    return [dict(zip(made, values, strict=True)) for values in zip(*made.values(), strict=True)]


def covered(window, context):
    return context[window["begins"][window["start"]] : window["ends"][window["end"]]].strip()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("context", "answer"), CASES)
def test_answers_are_found_by_their_characters_in_any_script(kits, kind, card_of, context, answer):
    windows = features(kits(kind), card_of("span_qa"), context, answer, 128)
    assert len(windows) == 1
    # a token may reach beyond the answer, where the vocabulary joins it with its neighbours
    assert answer in covered(windows[0], context)
    assert len(covered(windows[0], context)) <= len(answer) + 8


@pytest.mark.parametrize("kind", KINDS)
def test_windows_overlap_cover_everything_and_each_answer_is_whole_in_one(kits, kind, card_of):
    context = " ".join(f"{word} {number}" for number, word in enumerate(["moon", "cat", "Paris", "dog"] * 8))
    kit, card = kits(kind), card_of("span_qa")
    seen = set()
    for number in range(32):
        answer = context.split()[2 * number] + f" {number}"
        windows = features(kit, card, context, answer, 40)
        assert len(windows) > 3
        holding = [window for window in windows if window["start"] != NO_ANSWER]
        assert holding, f"{answer!r} lies whole in no window"
        assert {covered(window, context) for window in holding} == {answer}
        seen.update(range(len(windows)))
        for window in windows:
            assert len(window["input_ids"]) <= 40
            if window not in holding:
                assert (window["start"], window["end"]) == (NO_ANSWER, NO_ANSWER)
    # neighbours share characters
    spans = [[b for b in window["begins"] if b != OUTSIDE] for window in windows]
    assert all(max(left) >= min(right) for left, right in pairwise(spans))
    assert min(spans[0]) == 0
    assert max(windows[-1]["ends"]) == len(context)


def test_an_answer_at_the_edge_of_a_window_counts_if_it_is_whole(bert, card_of):
    context, card = "moon " * 30 + "Paris", card_of("span_qa")
    windows = features(bert, card, context, "Paris", 24)
    assert [window["start"] != NO_ANSWER for window in windows] == [False] * (len(windows) - 1) + [True]
    last = windows[-1]
    assert last["ends"][last["end"]] == len(context)
    first = features(bert, card, "Paris " + "moon " * 30, "Paris", 24)
    assert [window["start"] != NO_ANSWER for window in first] == [True] + [False] * (len(first) - 1)


def test_questions_without_an_answer_point_at_the_first_token(bert, card_of):
    assert [(w["start"], w["end"]) for w in features(bert, card_of("span_qa"), "the moon", None)] == [(0, 0)]


def test_a_long_question_leaves_half_of_the_window_to_the_context(bert, card_of):
    for max_length in (8, 16, 32):
        windows = features(
            bert, card_of("span_qa"), "the cat saw the moon", "moon", max_length, question="why dog " * 50
        )
        assert all(len(window["input_ids"]) <= max_length for window in windows)
        assert "moon" in [covered(window, "the cat saw the moon") for window in windows if window["start"]]


def test_blanks_around_an_answer_are_no_part_of_it(bert, card_of):
    window = features(bert, card_of("span_qa"), "the moon and the cat", " moon ", start=3)[0]
    assert covered(window, "the moon and the cat") == "moon"


def test_the_first_answer_that_stands_in_the_context_is_learned(bert, card_of):
    context, answers = "the moon and the cat", {"text": ["sun", "cat"], "answer_start": [-1, 17]}
    rows = {"id": ["0"], "question": ["?"], "context": [context], "answers": [answers]}
    made = span_qa.FORMAT.features(rows, card_of("span_qa"), bert.tokenizer, 64)
    assert context[made["begins"][0][made["start"][0]] : made["ends"][0][made["end"][0]]].strip() == "cat"


def test_the_repeated_word_is_the_one_at_the_offset(bert, card_of):
    context = "moon and moon and moon"
    window = features(bert, card_of("span_qa"), context, "moon", start=9)[0]
    assert window["begins"][window["start"]] == 9


def test_best_spans_are_valid_and_the_best():
    """Against every span, one by one."""
    torch.manual_seed(0)
    starts, ends = torch.randn(6, 50), torch.randn(6, 50)
    context = torch.zeros(6, 50, dtype=torch.bool)
    context[:, 7:46] = True
    score, first, last = best_spans(starts, ends, context)
    for row in range(6):
        spans = {(s, e): starts[row, s] + ends[row, e] for s in range(7, 46) for e in range(s, min(46, s + 30))}
        best = max(spans, key=spans.get)
        assert (first[row].item(), last[row].item()) == best
        assert score[row] == spans[best]


def test_best_spans_never_end_before_they_start_nor_leave_the_context():
    starts, ends = torch.zeros(1, 5), torch.zeros(1, 5)
    starts[0, 3], ends[0, 1], ends[0, 4] = 9, 8, 9  # those ends: before the start, and not of the context
    _, first, last = best_spans(starts, ends, torch.tensor([[False, True, True, True, False]]))
    assert (first.item(), last.item()) == (3, 3)
    none = best_spans(starts, ends, torch.zeros(1, 5, dtype=torch.bool))[0]
    assert none.item() == float("-inf")


def test_the_best_window_gives_the_answer(bert, card_of, featurize, score):
    """A head that knows one piece finds it in whichever window it is, and a document without context is no crash."""
    card = card_of("span_qa")
    context = "cat " * 40 + "moon" + " cat" * 40
    rows, made = featurize(
        {
            "id": ["0", "1"],
            "question": ["dog", "dog"],
            "context": [context, ""],
            "answers": [{"text": ["moon"], "answer_start": [160]}, {"text": ["moon"], "answer_start": [0]}],
        },
        card,
        bert,
        24,
    )
    assert len(made) > 4
    piece = bert.tokenizer("moon", add_special_tokens=False)["input_ids"]

    class Knowing(torch.nn.Module):
        def forward(self, states):
            return self.logits

    head = Knowing()

    class Spy(type(span_qa.FORMAT)):
        def logits(self, encoder, head, batch):
            logits = torch.zeros(*batch["input_ids"].shape, 2)
            logits[..., 0] += 9.0 * (batch["input_ids"] == piece[0])
            logits[..., 1] += 9.0 * (batch["input_ids"] == piece[-1])
            head.logits = logits
            return super().logits(encoder, head, batch)

    found = score(Spy(), bert.encoder(), head, (rows, made), card, bert)
    assert found == {"exact": 0.5, "f1": 0.5, "qa": 0.5}


def test_floor_answers_with_the_whole_context(bert, card_of, featurize):
    card = card_of("span_qa")
    rows, _ = featurize(
        {
            "id": ["0"],
            "question": ["dog"],
            "context": ["cat moon dog"],
            "answers": [{"text": ["moon"], "answer_start": [4]}],
        },
        card,
        bert,
    )
    assert span_qa.FORMAT.floor(None, rows, card, "en") == {"exact": 0.0, "f1": 0.5, "qa": 0.25}


@pytest.mark.parametrize("kind", KINDS)
def test_blanks_alone_are_no_answer(kits, kind, card_of):
    """SentencePiece makes a token of the blank before unsegmented text; as an answer it would be none."""
    context = "กรุงเทพ  \n  猫坐在垫子上 moon   cat"
    for window in features(kits(kind), card_of("span_qa"), context, "moon", 64):
        for begin, end in zip(window["begins"], window["ends"], strict=True):
            assert (begin == OUTSIDE) == (end == OUTSIDE)
            assert begin == OUTSIDE or context[begin:end].strip()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("max_length", [24, 40])
def test_long_right_to_left_and_unsegmented_documents(kits, kind, card_of, max_length):
    """Every short answer lies whole in a window, and what is read off is the answer with at most its neighbours."""
    for words in (["القطة", "جلست", "على", "السجادة", "القمر"], ["猫", "坐", "垫子", "北京", "月亮"]):
        blank = " " if words[0] > "\u0600" and words[0] < "\u0700" else ""
        context = blank.join(words[(at * at) % 5] for at in range(40)) + blank + "7" + blank + words[3] + "8"
        windows = features(kits(kind), card_of("span_qa"), context, "7" + blank + words[3], max_length)
        assert len(windows) > 2
        found = [covered(window, context) for window in windows if window["start"] != NO_ANSWER]
        assert found
        assert all("7" + blank + words[3] in text and len(text) <= len(words[3]) + 12 for text in found)


def scoring(made, starts, ends):
    """A head whose logits are given by window and token: (window, token) -> logit."""

    class Given(type(span_qa.FORMAT)):
        def collate(self, features, tokenizer, generator):
            batch = super().collate(features, tokenizer, generator)
            batch["at"] = torch.tensor([made["input_ids"].index(feature["input_ids"]) for feature in features])
            return batch

        def logits(self, encoder, head, batch):
            wanted = torch.zeros(*batch["input_ids"].shape, 2)
            for row, window in enumerate(batch["at"].tolist()):
                for part, given in enumerate((starts, ends)):
                    for (at, token), logit in given.items():
                        if at == window:
                            wanted[row, token, part] = logit
            return super().logits(encoder, lambda states: wanted, batch)

    return Given()


@pytest.fixture
def squad_2(card_of, featurize, bert):
    """Four questions, two of them without an answer, each in one window; and the card."""
    card = card_of("span_qa", unanswerable=True)
    answers = [{"text": ["moon"], "answer_start": [4]}] * 2 + [{"text": [], "answer_start": []}] * 2
    contexts = ["the moon cat", "the moon dog", "the moon Paris", "the moon Köln"]
    rows = {"id": list("0123"), "question": ["dog"] * 4, "context": contexts, "answers": answers}
    return card, featurize(rows, card, bert)


def test_no_answer_is_tuned_on_the_development_rows(squad_2, bert, score):
    card, (rows, made) = squad_2
    at = [begins.index(4) for begins in made["begins"]]
    last = [ends.index(8) for ends in made["ends"]]
    sure = [6.0, 2.0, 1.0, -1.0]  # how much more likely "moon" is than nothing
    form = scoring(
        {"input_ids": made["input_ids"][:]},
        {(row, at[row]): 9.0 + sure[row] / 2 for row in range(4)} | {(row, 0): 9.0 for row in range(4)},
        {(row, last[row]): 9.0 + sure[row] / 2 for row in range(4)} | {(row, 0): 9.0 for row in range(4)},
    )
    predicted = form.predict(
        bert.encoder(), torch.nn.Identity(), rows, made, card, bert.tokenizer, EvaluationSettings()
    )
    assert [text for text, _ in predicted] == ["moon"] * 4
    assert [margin for _, margin in predicted] == pytest.approx([-6, -2, -1, 1], abs=1e-3)
    tuned = form.tune(rows, predicted, card, "en")
    assert tuned == {"no_answer": pytest.approx(-2, abs=1e-3)}
    assert form.decide(predicted, tuned, card) == ["moon", "moon", "", ""]
    assert form.decide(predicted, {}, card) == ["moon", "moon", "moon", ""], (
        "without development rows: the likelier one"
    )
    assert score(form, bert.encoder(), torch.nn.Identity(), (rows, made), card, bert)["qa"] == 1.0


def test_a_target_whose_questions_all_have_answers_never_gets_none(squad_2, bert, card_of):
    """Also from an encoder that has learned on SQuAD 2.0 to say so."""
    rows, made = squad_2[1]
    nothing = {(row, 0): 99.0 for row in range(4)}
    form, card = scoring({"input_ids": made["input_ids"][:]}, nothing, nothing), card_of("span_qa")
    predicted = form.predict(
        bert.encoder(), torch.nn.Identity(), rows, made, card, bert.tokenizer, EvaluationSettings()
    )
    assert form.tune(rows, predicted, card, "en") == {}
    decided = form.decide(predicted, {}, card)
    assert all(text and text in context for text, context in zip(decided, rows["context"], strict=True))


def test_no_answer_needs_every_window_to_say_so(bert, card_of, featurize):
    card = card_of("span_qa", unanswerable=True)
    context = " ".join(["cat", "dog"] * 8 + ["moon"])
    answers = [{"text": ["moon"], "answer_start": [context.index("moon")]}]
    rows, made = featurize({"id": ["0"], "question": ["dog"], "context": [context], "answers": answers}, card, bert, 16)
    assert len(made) > 2
    last = len(made) - 1
    at = made[last]["begins"].index(context.index("moon"))
    none = {(window, 0): 30.0 for window in range(last)}
    form = scoring({"input_ids": made["input_ids"][:]}, {**none, (last, at): 30.0}, {**none, (last, at): 30.0})
    found = form.predict(bert.encoder(), torch.nn.Identity(), rows, made, card, bert.tokenizer, EvaluationSettings())
    assert found[0][0].startswith("m")
    assert found[0][1] < -20


def test_mlqas_metric_is_the_languages_own(bert, card_of):
    card = card_of("span_qa", metric="qa_mlqa")
    rows = Dataset.from_dict({"answers": [{"text": ["die Allee"], "answer_start": [0]}]})
    assert span_qa.FORMAT.metrics(rows, ["eine Allee"], card, "de")["qa_mlqa"] == 1.0
    assert span_qa.FORMAT.metrics(rows, ["eine Allee"], card, "en")["qa_mlqa"] == 0.25
