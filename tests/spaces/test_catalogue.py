"""Cards: what is read, what is inherited, and which words a mistake gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from spaces.catalogue import Catalogue, load_readable
from spaces.errors import InputError

CARD = """
description: Pairs of sentences.
format: pair_classification
licence: mit
origin: made up
source: {hub: owner/pairs, config: "{lang}"}
labels: ["no", "yes"]
languages: [en]
"""


def folder(tmp_path: Path, **cards: str) -> Path:
    for path, text in cards.items():
        kind, _, name = path.partition("__")
        file = tmp_path / kind / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_every_built_in_card_is_valid() -> None:
    catalogue = Catalogue.load()
    assert {"paraphrase", "ner", "mnli", "squad_v1"} <= set(catalogue.tasks)
    assert {"intents", "slots", "verses", "xnli", "xquad"} <= set(catalogue.targets)


def test_a_card_extends_another(tmp_path: Path) -> None:
    found = Catalogue.load([folder(tmp_path, tasks__pairs=CARD, tasks__more="extends: pairs\nlanguages: [de]\n")])
    assert found.tasks["more"].languages == ["de"]
    assert found.tasks["more"].source == found.tasks["pairs"].source
    assert found.tasks["more"].name == "more"


def test_a_license_is_spelt_either_way(tmp_path: Path) -> None:
    american = CARD.replace("licence: mit", "license: mit")
    cards = Catalogue.load([folder(tmp_path, tasks__pairs=american, tasks__more="extends: pairs\nlicence: none\n")])
    assert [cards.tasks[name].license for name in ("pairs", "more")] == ["mit", "none"]
    folder(tmp_path, tasks__more="extends: pairs\nlicense: cc0\n")
    assert Catalogue.load([tmp_path]).tasks["more"].license == "cc0"
    folder(tmp_path, tasks__more="extends: pairs\nlicence: none\nlicense: cc0\n")
    with pytest.raises(InputError, match="license: unknown key"):
        Catalogue.load([tmp_path])


def test_language_in_the_configuration(tmp_path: Path) -> None:
    text = CARD.replace('config: "{lang}"', 'config: "x.{name}", names: {zh: Chinese}')
    source = Catalogue.load([folder(tmp_path, tasks__pairs=text)]).tasks["pairs"].source
    assert source.config_for("de") == "x.de"
    assert source.config_for("zh") == "x.Chinese"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CARD.replace("pair_classification", "pairs"), "unknown format 'pairs'; one of: answer_retrieval"),
        (CARD.replace('["no", "yes"]', '["no"]'), "lists its labels, at least two"),
        (CARD + "colour: blue\n", "colour: unknown key"),
        (CARD.replace("licence: mit\n", ""), "licence: is missing"),
        (CARD + "columns: {premise: text}\n", r"\['premise'\] are no roles of pair_classification"),
        (CARD + "columns: {text_a: []}\n", "columns.text_a: .*at least 1 item"),
        (
            CARD.replace("hub: owner/pairs", "hub: owner/pairs, suite: mini"),
            "exactly one of hub, suite, files",
        ),
        (CARD + "metric: accuracy\n", "are for targets"),
        (CARD + "name: other\n", "name differs from the file's"),
        ("extends: nothing\n", "extends an unknown card"),
        ("extends: pairs\n", "extends itself"),
        ("- a\n", "must be a mapping"),
        ("a: [\n", "is not YAML"),
    ],
)
def test_mistakes_name_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        Catalogue.load([folder(tmp_path, tasks__pairs=text)])
    assert "pairs.yaml" in caught.value.problems[0].where


def test_what_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not YAML") as caught:
        Catalogue.load([folder(tmp_path, tasks__pairs=CARD.replace("labels: [", "labels: }"))])
    assert caught.value.problems[0].where.endswith("pairs.yaml: line 7")
    assert caught.value.problems[0].found


def test_a_process_reads_the_same_files_once_and_changed_ones_again(tmp_path: Path) -> None:
    first = Catalogue.load([folder(tmp_path, tasks__pairs=CARD)])
    assert Catalogue.load([tmp_path]) is first
    folder(tmp_path, tasks__pairs=CARD.replace("licence: mit", "licence: mit-0"))
    assert Catalogue.load([tmp_path]).tasks["pairs"].license == "mit-0"
    folder(tmp_path, tasks__more="extends: pairs\n")
    assert "more" in Catalogue.load([tmp_path]).tasks
    (tmp_path / "tasks" / "pairs.yaml").unlink()
    with pytest.raises(InputError, match="extends an unknown card"):
        Catalogue.load([tmp_path])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("metric: f1\ntrain_language: en\n", "is scored by accuracy"),
        ("metric: accuracy\n", "which language the target is trained in"),
        ("metric: accuracy\ntrain_language: en\n", "needs dev and test"),
        ("metric: accuracy\ntrain_language: en\nsplits: {test: test}\ntrain_from: nothing\n", "unknown task"),
        ("metric: accuracy\ntrain_language: en\nsplits: {test: test}\ntrain_from: csqa\n", "must be a pair_class"),
    ],
)
def test_mistakes_in_targets(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Catalogue.load([folder(tmp_path, targets__pairs=CARD + line)])


@pytest.mark.parametrize("name", ["none", "None", "a:b", "a:1", "a + b", "a b", " a", "_a", "a.b", "a,b", "x" * 121])
def test_names_that_a_mixture_or_mlflow_cannot_carry(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="is no name of a card") as caught:
        Catalogue.load([folder(tmp_path, **{f"tasks__{name}": CARD})])
    assert [problem.found for problem in caught.value.problems] == [name]


def test_a_language_is_part_of_names_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no name of a language") as caught:
        Catalogue.load([folder(tmp_path, tasks__pairs=CARD.replace("[en]", "[en, zh CN, pt-BR, zh_Hant]"))])
    assert [problem.where.partition("pairs.yaml: ")[2] for problem in caught.value.problems] == ["line 8: languages.1"]


def test_norwegian_is_a_language_and_no_is_a_label(tmp_path: Path) -> None:
    text = CARD.replace("[en]", "[no]").replace('["no", "yes"]', "[no, yes, on, 01]")
    card = Catalogue.load([folder(tmp_path, tasks__pairs=text)]).tasks["pairs"]
    assert (card.languages, card.labels) == (["no"], ["no", "yes", "on", "01"])


@pytest.mark.parametrize("labels", ["[1, 2]", "[true, false]", "[0.5, 1e3]"])
def test_labels_that_are_no_texts_want_quotes(tmp_path: Path, labels: str) -> None:
    with pytest.raises(InputError) as caught:
        Catalogue.load([folder(tmp_path, tasks__pairs=CARD.replace('["no", "yes"]', labels))])
    assert [(problem.where.partition("pairs.yaml: ")[2], problem.fix) for problem in caught.value.problems] == [
        ("line 7: labels.0", "put it into quotes"),
        ("line 7: labels.1", "put it into quotes"),
    ]


def test_a_key_that_stands_twice_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="stands twice") as caught:
        Catalogue.load([folder(tmp_path, tasks__pairs=CARD + "languages: [de]\n")])
    assert caught.value.problems[0].where.endswith("pairs.yaml: line 9: languages")


def test_two_cards_of_one_name_in_a_folder_are_refused(tmp_path: Path) -> None:
    folder(tmp_path, tasks__pairs=CARD, **{"tasks__more/pairs": CARD})
    with pytest.raises(InputError, match="two files of one name") as caught:
        Catalogue.load([tmp_path])
    (problem,) = caught.value.problems
    assert {problem.where, problem.found} == {str(file) for file in tmp_path.rglob("pairs.yaml")}
    (tmp_path / "tasks" / "more" / "pairs.yaml").rename(tmp_path / "tasks" / "pairs.yml")
    with pytest.raises(InputError, match="two files of one name"):
        Catalogue.load([tmp_path])
    (tmp_path / "tasks" / "pairs.yaml").unlink()
    assert Catalogue.load([tmp_path]).tasks["pairs"].license == "mit"


def test_what_editors_and_notebooks_hide_is_no_card(tmp_path: Path) -> None:
    hidden = {f"tasks__{name}": "- broken" for name in (".ipynb_checkpoints/pairs", ".pairs", "._pairs", ".git/a/b")}
    assert "pairs" in Catalogue.load([folder(tmp_path, tasks__pairs=CARD, **hidden)]).tasks


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("[O, PER-B, PER-I]", "f1 counts spans, and 'PER-B', 'PER-I' does not say where one begins; write B-PER"),
        ("[O, b-PER, i-PER]", "'b-PER', 'i-PER'"),
        ("3", "'0', '1', '2'"),
        ('[O, " PER"]', "has blanks around it"),
        ('[O, ""]', "a label is empty"),
    ],
)
def test_labels_from_which_no_f1_can_be_had_are_refused(tmp_path: Path, labels: str, words: str) -> None:
    text = CARD.replace("pair_classification", "tagging").replace('["no", "yes"]', labels)
    target = "metric: f1\ntrain_language: en\nsplits: {test: test}\n"
    with pytest.raises(InputError, match=words):
        Catalogue.load([folder(tmp_path, targets__tags=text + target)])
    if "blanks" not in words and "empty" not in words:
        accuracy = text + target.replace("f1", "accuracy")
        assert "tags" in Catalogue.load([folder(tmp_path, targets__tags=accuracy)]).targets


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    broken = CARD + "colour: blue\n"
    with pytest.raises(InputError) as caught:
        Catalogue.load([folder(tmp_path, tasks__one=broken, tasks__two=broken)])
    assert len(caught.value.problems) == 2


WORST = """
description: 3
format: tagging
source: {files: nowhere}
columns: {text: words}
labels: [A]
languages: []
colour: blue
"""


def test_all_mistakes_of_a_card_at_once_without_those_that_follow(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Catalogue.load([folder(tmp_path, targets__pairs=WORST)])
    keys = [problem.where.partition("pairs.yaml: ")[2].rpartition(" ")[2] for problem in caught.value.problems]
    single = ["description", "licence", "origin", "languages", "colour"]
    together = ["columns", "labels", "metric", "train_language", "splits"]
    assert keys == [*single, *together]


def test_a_mistake_is_not_told_again_of_cards_that_rest_on_the_wrong_one(tmp_path: Path) -> None:
    target = CARD + "metric: accuracy\ntrain_language: en\nsplits: {test: test}\ntrain_from: pairs\n"
    broken = CARD.replace("licence: mit\n", "")
    with pytest.raises(InputError) as caught:
        Catalogue.load([folder(tmp_path, tasks__a="extends: pairs\n", tasks__pairs=broken, targets__t=target)])
    (problem,) = caught.value.problems
    assert problem.where.endswith("pairs.yaml: licence")


# --- local files

FILES = CARD.replace('source: {hub: owner/pairs, config: "{lang}"}', "source: {files: data}")
OF_FILES = FILES + "metric: accuracy\ntrain_language: en\n"


def touch(tmp_path: Path, *names: str) -> None:
    for name in names:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_files_lie_beside_the_card_and_are_found_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "tasks/data/train.csv", "here/data/train.csv")
    monkeypatch.chdir(tmp_path / "here")
    assert Catalogue.load([folder(tmp_path, tasks__pairs=FILES)]).tasks["pairs"].source.files == str(
        tmp_path / "tasks" / "data"
    )


def test_files_that_lie_in_the_working_folder_alone_are_named_as_before(tmp_path: Path) -> None:
    """The name is part of the keys of the store."""
    assert Catalogue.load([folder(tmp_path, tasks__pairs=FILES)]).tasks["pairs"].source.files == "data"


@pytest.mark.parametrize(
    ("files", "dev"),
    [
        (["train.csv", "dev.csv", "test.csv", "notes.txt"], "dev"),
        (["train-0.parquet", "train-1.parquet", "val.parquet", "test.jsonl"], "val"),
    ],
)
def test_splits_are_the_files_that_are_there(tmp_path: Path, files: list[str], dev: str) -> None:
    touch(tmp_path, *(f"targets/data/{name}" for name in files))
    splits = Catalogue.load([folder(tmp_path, targets__pairs=OF_FILES)]).targets["pairs"].splits
    assert (splits.train, splits.dev, splits.test) == ("train", dev, "test")


def test_splits_that_a_card_names_are_those(tmp_path: Path) -> None:
    touch(tmp_path, "targets/data/train.csv", "targets/data/dev.csv", "targets/data/test.csv")
    named = folder(tmp_path, targets__pairs=OF_FILES + "splits: {dev: test}\n")
    assert Catalogue.load([named]).targets["pairs"].splits.dev == "test"


def test_splits_of_the_first_language(tmp_path: Path) -> None:
    touch(tmp_path, "targets/data/de/train.csv", "targets/data/de/valid.csv", "targets/data/de/test.csv")
    text = OF_FILES.replace("files: data", 'files: data, config: "{lang}"').replace("[en]", "[de, fr]")
    assert Catalogue.load([folder(tmp_path, targets__pairs=text)]).targets["pairs"].splits.dev == "valid"


def test_the_only_file_of_a_task_is_what_it_trains_on(tmp_path: Path) -> None:
    touch(tmp_path, "tasks/data/reviews.csv")
    assert Catalogue.load([folder(tmp_path, tasks__pairs=FILES)]).tasks["pairs"].splits.train == "reviews"


def test_a_task_with_training_rows_is_named_as_before(tmp_path: Path) -> None:
    """Its splits are part of the keys of the store."""
    touch(tmp_path, "tasks/data/train.csv", "tasks/data/dev.csv")
    cards = Catalogue.load([folder(tmp_path, tasks__pairs=FILES)])
    assert cards.tasks["pairs"].splits.model_dump() == {"train": "train", "dev": "validation", "test": None}


def test_unknown_names_get_a_hint() -> None:
    with pytest.raises(InputError, match="did you mean 'paraphrase'"):
        Catalogue.load().task("parafrase")


# --- one card for several data sets


def test_a_task_in_several_languages_is_all_of_them_and_each_of_them(tmp_path: Path) -> None:
    text = CARD.replace("languages: [en]", "languages: [en, de]\nsizes: {train: {en: 5, de: 7}}")
    catalogue = Catalogue.load([folder(tmp_path, tasks__pairs=text)])
    assert [part.name for part in catalogue.task("pairs").parts] == ["pairs.en", "pairs.de"]
    part = catalogue.task("pairs.de")
    assert (part.training_language, part.size_of("train", "de"), part.parts) == ("de", 7, ())
    with pytest.raises(InputError, match=r"unknown part of pairs(.|\n)*did you mean 'pairs\.(de|en)'"):
        catalogue.task("pairs.fr")


def test_a_source_that_is_the_same_in_all_languages_is_one_data_set(tmp_path: Path) -> None:
    text = CARD.replace('config: "{lang}"', "config: all").replace("languages: [en]", "languages: [en, de]")
    assert Catalogue.load([folder(tmp_path, tasks__pairs=text)]).task("pairs").parts == ()
    assert Catalogue.load().task("mlm").parts == ()


def test_a_task_may_be_several_others(tmp_path: Path) -> None:
    both = "extends: pairs\nsource: {tasks: [pairs, more]}\n"
    more = "extends: pairs\nsource: {hub: owner/more}\n"
    catalogue = Catalogue.load([folder(tmp_path, tasks__pairs=CARD, tasks__more=more, tasks__both=both)])
    assert [part.source.hub for part in catalogue.task("both").parts] == ["owner/pairs", "owner/more"]
    again = type(catalogue.task("both")).model_validate_json(catalogue.task("both").model_dump_json())
    assert again == catalogue.task("both")  # cards travel to workers so


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extends: pairs\nsource: {tasks: [pairs, csqa]}\n", "csqa is multiple_choice"),
        ('extends: pairs\nlabels: ["yes", "no"]\nsource: {tasks: [pairs]}\n', "same labels in the same order"),
        ("extends: pairs\nsource: {tasks: [pears]}\n", "did you mean 'pairs'"),
        ("extends: mnli\nsource: {tasks: [anli_plus]}\n", "is put together itself"),
        ("extends: pairs\nparts: []\n", "unknown key"),
    ],
)
def test_tasks_that_cannot_be_put_together(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Catalogue.load([folder(tmp_path, tasks__pairs=CARD, tasks__both=text)])


def test_what_decides_the_rows_of_the_parts_is_part_of_the_identity(tmp_path: Path) -> None:
    card = Catalogue.load().task("anli_plus")
    other = card.parts[0].model_copy(update={"revision": None, "columns": {}})
    assert card.model_copy(update={"parts": (other, *card.parts[1:])}).identity != card.identity
    told = card.parts[0].model_copy(update={"description": "in other words", "unverified": "nothing"})
    assert card.model_copy(update={"parts": (told, *card.parts[1:])}).identity == card.identity


# --- cards that take over others


def test_a_task_may_extend_a_target_and_leaves_out_what_only_targets_have(tmp_path: Path) -> None:
    target = CARD + "metric: accuracy\ntrain_language: en\nsplits: {test: test}\n"
    catalogue = Catalogue.load([folder(tmp_path, targets__pairs=target, tasks__pairs="extends: targets/pairs\n")])
    task = catalogue.task("pairs")
    assert (task.kind, task.metric, task.train_language) == ("task", None, None)
    assert task.source == catalogue.target("pairs").source


def test_a_card_of_ones_own_may_extend_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    translated = 'extends: mnli\nsource: {files: translated, config: "{lang}"}\nlanguages: [de, sw]\n'
    own = "extends: ccg\nsource: {files: /data/ccg}\n"
    catalogue = Catalogue.load([folder(tmp_path, tasks__mnli_mt=translated, tasks__ccg=own)])
    assert catalogue.task("ccg").source.files == "/data/ccg"
    assert len(catalogue.task("ccg").labels) == 1363
    assert catalogue.task("mnli_mt.sw").source.config_for("sw") == "sw"
    assert catalogue.task("mnli_mt.sw").columns == catalogue.task("mnli").columns


# --- targets that are trained on several cards


SEQUENCE = CARD + "metric: accuracy\ntrain_language: en\nsplits: {train: null, dev: dev, test: test}\n"
SIZED = CARD + "sizes: {train: 5}\n"


def test_training_cards_are_in_the_order_of_the_card(tmp_path: Path) -> None:
    both = SEQUENCE + "train_from: [pears, apples]\n"
    one, own = SEQUENCE + "train_from: apples\n", SEQUENCE.replace("train: null", "train: train")
    catalogue = Catalogue.load(
        [folder(tmp_path, tasks__apples=SIZED, tasks__pears=SIZED, targets__b=both, targets__a=one, targets__o=own)]
    )
    trained_on = {
        name: [card.name for card in catalogue.training_cards(catalogue.target(name))] for name in ("b", "a", "o")
    }
    assert trained_on == {"b": ["pears", "apples"], "a": ["apples"], "o": ["o"]}


def test_xcopa_is_trained_on_social_iqa_then_on_copa() -> None:
    catalogue = Catalogue.load()
    cards = catalogue.training_cards(catalogue.target("xcopa"))
    assert [(card.name, card.training_rows) for card in cards] == [("siqa", 33410), ("copa", 400)]


@pytest.mark.parametrize(
    ("line", "where", "words"),
    [
        ("train_from: [pears, csqa]\n", "train_from.1", "must be a pair_classification task"),
        ("train_from: [odd, pears]\n", "train_from.0", r"the same labels in the same order: \['no', 'yes'\]"),
        ("train_from: [pears, pear]\n", "train_from.1", "did you mean 'pears'"),
        ("train_from: [bare, pears]\n", "train_from.0", "does not say how many rows it has"),
        ("train_from: []\n", "both.yaml", "name at least one task card"),
    ],
)
def test_heads_are_handed_on_only_where_they_fit(tmp_path: Path, line: str, where: str, words: str) -> None:
    odd = SIZED.replace('["no", "yes"]', '["yes", "no"]')
    cards = {"tasks__pears": SIZED, "tasks__odd": odd, "tasks__bare": CARD, "targets__both": SEQUENCE + line}
    with pytest.raises(InputError, match=words) as caught:
        Catalogue.load([folder(tmp_path, **cards)])
    (problem,) = caught.value.problems
    assert where in problem.where


# --- development rows


TARGET = CARD + "metric: accuracy\ntrain_language: en\n"


def test_development_rows_may_be_another_targets(tmp_path: Path) -> None:
    own = TARGET + "splits: {dev: dev, test: test}\ndev_languages: [de, fr]\n"
    other = "extends: own\nsplits: {dev: null, test: test}\ndev_languages: []\ndev_from: own\n"
    catalogue = Catalogue.load([folder(tmp_path, targets__own=own, targets__other=other)])
    assert catalogue.dev_card(catalogue.target("other")).languages_of("dev") == ["de", "fr"]
    assert catalogue.dev_card(catalogue.target("own")).name == "own"
    assert catalogue.target("own").languages_of("test") == ["en"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("splits: {dev: dev, test: test}\ndev_from: xnli\n", "dev_from: then splits.dev is null"),
        ("splits: {dev: null, test: test}\n", "a target needs dev and test"),
        ("splits: {dev: null, test: test}\ndev_from: xquad\n", "xquad is span_qa"),
        ("splits: {dev: null, test: test}\ndev_from: nothing\n", "unknown task"),
        ("splits: {test: test}\nunanswerable: true\n", "only span_qa"),
    ],
)
def test_mistakes_about_development_rows(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Catalogue.load([folder(tmp_path, targets__pairs=TARGET + line)])


def test_only_some_cards(tmp_path: Path) -> None:
    found = Catalogue.load().only(["xnli", "mnli", "tydiqa.fi"])
    assert (sorted(found.tasks), sorted(found.targets)) == (["mnli", "tydiqa.fi", "xnli"], ["xnli"])
    with pytest.raises(InputError, match="did you mean 'mnli'"):
        Catalogue.load().only(["mnly"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extends: mlqa\nlanguages: [de, ro, th]\n", "metric: qa_mlqa is not defined in ro, th; qa is"),
        ("extends: mlqa\nlanguages: [de]\ndev_languages: [de, ru]\n", "metric: qa_mlqa is not defined in ru"),
        ("extends: xquad\nlanguages: [de]\nmetric: qa_mlqa\ndev_from: tydi_dev\n", "tydi_dev: ru, sw"),
    ],
)
def test_a_metric_that_is_not_defined_in_a_language(tmp_path: Path, text: str, words: str) -> None:
    other = "extends: tydiqa\ndev_languages: [en, ru, sw]\n"
    with pytest.raises(InputError, match=words) as caught:
        Catalogue.load([folder(tmp_path, targets__mine=text, targets__tydi_dev=other)])
    assert "mine.yaml" in caught.value.problems[0].where


def test_development_rows_in_languages_that_the_metric_is_defined_in(tmp_path: Path) -> None:
    text = "extends: xquad\nlanguages: [de]\nmetric: qa_mlqa\n"
    assert Catalogue.load([folder(tmp_path, targets__mine=text)]).targets["mine"].dev_from == "mlqa"


def test_cards_that_can_be_read_are_there_beside_those_that_cannot(tmp_path: Path) -> None:
    """One that was to replace another card leaves nothing in its place; what rests on a missing one is missing, too."""
    cards = folder(
        tmp_path,
        tasks__fine=CARD,
        tasks__mnli=CARD + "colour: blue\n",
        tasks__both=CARD.replace('{hub: owner/pairs, config: "{lang}"}', "{tasks: [fine, mnli]}"),
        tasks__itself=CARD.replace('{hub: owner/pairs, config: "{lang}"}', "{tasks: [itself]}"),
    )
    catalogue, unread, problems = load_readable([cards])
    assert "fine" in catalogue.tasks and not {"mnli", "both", "itself"} & catalogue.tasks.keys()
    assert unread >= {"mnli", "both", "itself"}
    told = [str(problem) for problem in problems]
    assert len(told) == 2 and "mnli.yaml: line 9: colour: unknown key" in told[0] and "itself.yaml: source" in told[1]


def test_a_key_that_stands_twice_does_not_hide_other_mistakes(tmp_path: Path) -> None:
    """But those of the key itself: nobody knows which of its values is meant."""
    text = CARD + 'labels: ["no"]\ncolour: blue\nname: other\ntrain_from: nobody\n'
    with pytest.raises(InputError) as caught:
        Catalogue.load([folder(tmp_path, tasks__pairs=text)])
    told = [problem.where.partition(".yaml: ")[2] + " " + problem.what for problem in caught.value.problems]
    assert told == [
        "line 9: labels stands twice",
        "line 11: name name differs from the file's",
        "line 10: colour unknown key",
        "line 12: train_from metric, train_language, train_from, dev_from and dev_languages are for targets",
        "train_from unknown task",
    ]


def test_an_unknown_key_gets_the_nearest_ones(tmp_path: Path) -> None:
    text = CARD.replace("config:", "confg:") + "colums: {text_a: a}\n"
    with pytest.raises(InputError) as caught:
        Catalogue.load([folder(tmp_path, tasks__pairs=text)])
    fixes = {problem.where.rpartition(": ")[2]: problem.fix for problem in caught.value.problems}
    assert "'config'" in fixes["source.confg"] and "'columns'" in fixes["colums"]
