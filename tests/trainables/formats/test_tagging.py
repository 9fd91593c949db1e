from itertools import groupby, pairwise
from random import Random

import pytest
import torch
from datasets import Dataset

from trainables.formats import tagging
from trainables.formats.base import IGNORED

KINDS = ["bert", "xlm-r", "modernbert"]


class Fixed(torch.nn.Module):
    """A head that answers the same label everywhere."""

    def __init__(self, label, labels):
        super().__init__()
        self.logits = torch.nn.functional.one_hot(torch.tensor(label), labels).float()

    def forward(self, states):
        return self.logits.expand(*states.shape[:-1], -1)


def features(kit, card, tokens, tags=None, max_length=64):
    tags = tags or [1] * len(tokens)
    return tagging.FORMAT.features({"tokens": [tokens], "tags": [tags]}, card, kit.tokenizer, max_length)


@pytest.mark.parametrize("kind", KINDS)
def test_the_label_sits_on_the_first_piece_of_each_word(kits, kind, card_of):
    kit, tags = kits(kind), [0, 3, 4, 1]
    tokens = ["Unbelievably", "Köln", "zzz", "القاهرة"]
    made = features(kit, card_of("tagging"), tokens, tags)
    labels = made["labels"][0]
    assert [label for label in labels if label != IGNORED] == tags
    assert made["words"] == [[0, 1, 2, 3]]
    assert len(labels) == len(made["input_ids"][0])
    # what stands between a labelled piece and the next one is the word
    starts = [at for at, label in enumerate(labels) if label != IGNORED]
    for word, (start, stop) in enumerate(zip(starts, [*starts[1:], len(labels)], strict=True)):
        pieces = [i for i in made["input_ids"][0][start:stop] if i not in kit.tokenizer.all_special_ids]
        if kit.tokenizer.unk_token_id not in made["input_ids"][0][start:stop]:
            assert kit.tokenizer.decode(pieces).replace(" ##", "").strip() == tokens[word]
    assert max(b - a for a, b in pairwise(starts)) > 2  # a word of many pieces was among them


@pytest.mark.parametrize("kind", ["bert", "xlm-r"])
def test_words_are_found_as_the_tokenizers_own_word_ids_say(kits, kind, card_of, texts):
    kit = kits(kind)
    for text in texts:
        tokens = text.split()
        made = features(kit, card_of("tagging"), tokens, list(range(len(tokens))))
        own = kit.tokenizer(tokens, is_split_into_words=True)
        assert made["input_ids"][0] == own["input_ids"]
        expected, last = [], None
        for word in own.word_ids() if kind == "xlm-r" else []:
            expected.append(IGNORED if word is None or word == last else word)
            last = word
        assert not expected or made["labels"][0] == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("max_length", [8, 13, 24])
def test_long_sentences_are_cut_between_words_and_every_word_is_read(kits, kind, card_of, texts, max_length):
    """Right to left, without blanks, and words that stand at the limit: each has one first piece, in one part."""
    kit, card = kits(kind), card_of("tagging")
    tokens = [word for text in texts[:5] for word in text.split()] + list(texts[5]) + [texts[6][at] for at in range(9)]
    whole = features(kit, card, tokens, list(range(len(tokens))), 10_000)
    made = features(kit, card, tokens, list(range(len(tokens))), max_length)
    assert len(made["row"]) > 5
    assert set(made["row"]) == {0}
    assert [word for words in made["words"] for word in words] == list(range(len(tokens)))
    specials = set(kit.tokenizer.all_special_ids) - {kit.tokenizer.unk_token_id}
    read = []
    for ids, labels, words in zip(made["input_ids"], made["labels"], made["words"], strict=True):
        assert len(ids) == len(labels) <= max_length
        assert [label for label in labels if label != IGNORED] == words
        assert (ids[0], ids[-1]) == (whole["input_ids"][0][0], whole["input_ids"][0][-1])
        read += [piece for piece in ids if piece not in specials]
        assert labels[1] == words[0], "a part begins with a word, not in one"
    body = [piece for piece in whole["input_ids"][0] if piece not in specials]
    lengths = [len(piece) for piece in made["input_ids"]]
    if max(lengths) < max_length:  # no word alone was too long
        assert read == body, "nothing is lost, nothing read twice, in the words' own context of blanks"
    else:
        assert [piece for piece in read if piece in body] == read


def test_predictions_of_the_parts_of_a_sentence_come_together(bert, card_of, featurize, score):
    card = card_of("tagging")
    rows = {"tokens": [["moon"] * 40, ["cat"]], "tags": [[3] * 40, [3]]}
    featurized = featurize(rows, card, bert, 12)
    assert len(featurized[1]) > 4
    assert score(tagging.FORMAT, bert.encoder(), Fixed(3, 5), featurized, card, bert) == {"f1": 1.0, "accuracy": 1.0}


def test_a_word_longer_than_the_limit_is_read_as_far_as_it_goes(bert, card_of):
    made = features(bert, card_of("tagging"), ["cat", "moon" * 20, "dog"], [1, 2, 3], 10)
    assert [word for words in made["words"] for word in words] == [0, 1, 2]
    assert max(map(len, made["input_ids"])) == 10


def test_words_without_pieces_are_read_as_unknown(bert, card_of):
    """XTREME replaces them by the unknown token; they have a label, so they are trained and predicted."""
    made = features(bert, card_of("tagging"), ["cat", "\u200d", "", "moon"], [1, 2, 3, 4])
    assert made["words"] == [[0, 1, 3]]
    assert made["input_ids"][0][made["labels"][0].index(2)] == bert.tokenizer.unk_token_id


def test_words_that_leave_no_token_keep_the_others_in_place(bert, card_of, featurize, score):
    card = card_of("tagging")
    tokens = ["", "moon", "\u200b", "", "Paris"]
    rows, made = featurize({"tokens": [tokens], "tags": [[0, 1, 0, 0, 3]]}, card, bert)
    assert {1, 4} <= set(made[0]["words"])
    kept = dict(zip(made[0]["words"], [label for label in made[0]["labels"] if label != IGNORED], strict=True))
    assert (kept[1], kept[4]) == (1, 3)
    score(tagging.FORMAT, bert.encoder(), Fixed(0, 5), (rows, made), card, bert)


def test_without_an_outside_label_the_first_one_is_the_answer(bert, card_of, featurize, score):
    card = card_of("tagging", labels=["NOUN", "VERB"])
    rows, made = featurize({"tokens": [["moon"] * 20], "tags": [[0] * 20]}, card, bert, 8)
    found = score(tagging.FORMAT, bert.encoder(), Fixed(0, 2), (rows, made), card, bert)
    assert found == {"f1": 1.0, "accuracy": 1.0}


def test_f1_counts_whole_spans(card_of):
    card = card_of("tagging")
    gold = [[0, 1, 2, 0, 3]]  # one person of two words, one place
    assert tagging.span_f1(gold, gold, card) == 1.0
    assert tagging.span_f1(gold, [[0, 1, 0, 0, 3]], card) == 0.5  # half a person is none
    assert tagging.span_f1(gold, [[0, 2, 2, 0, 0]], card) == pytest.approx(2 / 3)  # default mode: I may begin
    assert tagging.span_f1([[0]], [[0]], card) == 0.0


def test_f1_of_parts_of_speech_is_xtremes(card_of, recwarn):
    """Tags without B and I: seqeval joins a run of one tag to a span, and XTREME reports that."""
    card = card_of("tagging", labels=["NOUN", "VERB", "ADJ"])
    assert tagging.span_f1([[0, 1, 1, 2]], [[0, 1, 2, 2]], card) == pytest.approx(1 / 3)
    assert not recwarn.list


def test_plain_labels_are_scored_by_their_runs_whatever_letter_they_begin_with(card_of):
    """seqeval alone takes ORG for outside, EVENT for the end of a span, and PER and BER for one type."""
    labels = ["O", "PER", "ORG", "EVENT", "BER"]
    card, random = card_of("tagging", labels=labels), Random(1)

    def spans(rows):
        found = set()
        for row, tags in enumerate(rows):
            at = 0
            for tag, run in groupby(tags):
                length = len(list(run))
                if tag:
                    found.add((row, at, length, tag))
                at += length
        return found

    for _ in range(100):
        gold, guess = ([[random.choice([0, 0, 1, 2, 3, 4]) for _ in range(6)] for _ in range(3)] for _ in "ab")
        wanted, given = spans(gold), spans(guess)
        total = len(wanted) + len(given)
        assert tagging.span_f1(gold, guess, card) == pytest.approx(2 * len(wanted & given) / total if total else 0)
    assert tagging.span_f1([[2, 0, 1]], [[2, 0, 1]], card) == 1.0
    assert tagging.span_f1([[2, 0]], [[2, 0]], card) == 1.0


def test_labels_without_spans_have_no_f1(card_of):
    card = card_of("tagging", labels=["0", "1"], metric="accuracy")
    assert tagging.FORMAT.metrics(Dataset.from_dict({"tags": [[0, 1]]}), [[0, 0]], card, "en") == {"accuracy": 0.5}


def test_floor_is_zero_with_an_outside_label(bert, card_of, featurize):
    card = card_of("tagging")
    train, _ = featurize({"tokens": [["a", "b", "c"]], "tags": [[0, 0, 1]]}, card, bert)
    rows, _ = featurize({"tokens": [["a", "b"]], "tags": [[1, 0]]}, card, bert)
    assert tagging.FORMAT.floor(train, rows, card, "en") == {"f1": 0.0, "accuracy": 0.5}


def test_a_batch_without_a_labeled_word_has_no_loss(bert, card_of):
    form, card, encoder = tagging.FORMAT, card_of("tagging"), bert.encoder()
    made = {"input_ids": [2, 3], "token_type_ids": [0, 0], "labels": [IGNORED, IGNORED], "words": []}
    loss = form.loss(encoder, form.head(encoder, card), form.collate([made], bert.tokenizer, torch.Generator()))
    assert loss.item() == 0
    loss.backward()


def test_scores_are_what_independent_programs_count(card_of):
    """seqeval's spans, found here word by word; and words one by one."""
    card, random = card_of("tagging"), Random(0)
    types = [name.partition("-")[2] for name in card.labels]

    def spans(tags):
        found, begin = set(), None
        for at, tag in enumerate([*tags, 0]):
            name = card.labels[tag] if at < len(tags) else "O"
            goes_on = begin is not None and name.startswith("I-") and types[tag] == types[tags[begin]]
            if begin is not None and not goes_on:
                found.add((begin, at, types[tags[begin]]))
                begin = None
            if begin is None and name != "O":
                begin = at
        return found

    for _ in range(200):
        gold = [[random.randrange(5) for _ in range(random.randint(1, 9))] for _ in range(4)]
        guess = [[tag if random.random() < 0.6 else random.randrange(5) for tag in tags] for tags in gold]
        pairs = [(spans(tags), spans(found)) for tags, found in zip(gold, guess, strict=True)]
        right = sum(len(wanted & found) for wanted, found in pairs)
        total = sum(len(wanted) + len(found) for wanted, found in pairs)
        scores = tagging.FORMAT.metrics(Dataset.from_dict({"tags": gold}), guess, card, "en")
        assert scores["f1"] == pytest.approx(2 * right / total if total else 0)
        words = [tag == found for own in zip(gold, guess, strict=True) for tag, found in zip(*own, strict=True)]
        assert scores["accuracy"] == pytest.approx(sum(words) / len(words))
