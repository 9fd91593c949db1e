"""Where rows come from: files of every kind, suites, mirrors and the hub, and what is said of those that give none."""

import json
from pathlib import Path

import datasets
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, Features, Value

from spaces.card_files import ENDINGS
from spaces.errors import Failure, InputError
from tests.support.examples import ROWS
from tests.support.problems import problem
from trainables.data.card_check import looked_at
from trainables.data.card_data import Data, suite_folder
from trainables.data.files.mirror import BUILDERS, copies_of
from trainables.data.files.sources import away

# --- where rows come from


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "json", "csv", "tsv"])
def test_files_of_every_kind_give_the_same_rows(data, card_of, tmp_path, ending):
    table, path = Dataset.from_dict(ROWS), str(tmp_path / f"train.{ending}")
    if ending == "json":
        Path(path).write_text(
            json.dumps([dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)])
        )
    else:
        write = {"parquet": table.to_parquet, "jsonl": table.to_json, "csv": table.to_csv, "tsv": table.to_csv}[ending]
        write(path, **({"sep": "\t"} if ending == "tsv" else {}))
    card = card_of("sentence_classification", source={"files": str(tmp_path)})
    assert data.rows(card, "train", "en")[:] == ROWS


def test_texts_that_look_missing_in_csv_are_texts(data, card_of, tmp_path):
    (tmp_path / "train.csv").write_text("text,label\nNA,0\nNone,1\n")
    card = card_of("sentence_classification", source={"files": str(tmp_path)})
    assert data.rows(card, "train", "en")["text"][:] == ["NA", "None"]


@pytest.mark.parametrize(
    ("form", "table", "changes", "found"),
    [
        ("masked_lm", "text\n1999\n2001\n", {}, {"text": ["1999", "2001"]}),
        (
            "multiple_choice",
            "context,a,b,label\n2+2,3,04,1\n1+1,2,3,0\n",
            {"columns": {"choices": ["a", "b"]}},
            {"choices": [["3", "04"], ["2", "3"]], "label": [1, 0]},
        ),
        ("sentence_classification", "text,label\nx,01\ny,02\n", {"labels": ["01", "02"]}, {"label": [0, 1]}),
        ("sentence_classification", "text,label\nx,0.0\ny,1.0\nz,\n", {"labels": ["no", "yes"]}, {"label": [0, 1]}),
        ("sentence_classification", "text,label\nx,TRUE\ny,FALSE\n", {"labels": ["yes", "no"]}, {"label": [0, 1]}),
        (
            "bitext_mining",
            "id,text,relevant\n001,x,007\n002,y,\n",
            {},
            {"id": ["001", "002"], "relevant": [["007"], []]},
        ),
        ("sentence_classification", "\ufefftext,label\n7,1\n", {"labels": ["no", "yes"]}, {"text": ["7"]}),
        ("sentence_classification", "label,text,more\n1,x\n", {"labels": ["no", "yes"]}, {"text": ["x"]}),
    ],
)
def test_what_stands_in_csv_is_text(data, card_of, tmp_path, form, table, changes, found):
    (tmp_path / "train.csv").write_text(table, encoding="utf-8")
    card = card_of(form, source={"files": str(tmp_path)}, **changes)
    rows = data.rows(card, "train", "en")[:]
    assert {role: rows[role] for role in found} == found


TAGS = ["O", "B-PER", "I-PER", "NOUN", "PROPN", "PUNCT"]

CONLL = "-DOCSTART- -X- O\n\nJane NNP B-PER\nDoe NNP I-PER\n\n# NN O\n"

CONLLU = """# sent_id = 1
1\tJane\tJane\tPROPN\t_\t_\t0\t_\t_\t_
2-3\tthe two\t_\t_\t_\t_\t_\t_\t_\t_
2\tNew York\t_\tPROPN\t_\t_\t0\t_\t_\t_

1\t#\t#\tPUNCT\t_\t_\t0\t_\t_\t_
"""


@pytest.mark.parametrize(
    ("name", "text", "tokens", "tags"),
    [
        ("train.conll", CONLL, [["Jane", "Doe"], ["#"]], [[1, 2], [0]]),
        ("train.conllu", CONLLU, [["Jane", "New York"], ["#"]], [[4, 4], [5]]),
        ("train.csv", "tokens,tags\nJane Doe,B-PER I-PER\n#,O\n", [["Jane", "Doe"], ["#"]], [[1, 2], [0]]),
        (
            "train.csv",
            'tokens,tags\n"[\'a b\', ""it\'s""]","[1, 2]"\n[ x ],O O O\n',
            [["a b", "it's"], ["[", "x", "]"]],
            [[1, 2], [0, 0, 0]],
        ),
    ],
)
def test_sentences_of_conll_and_lists_in_a_cell(data, card_of, tmp_path, name, text, tokens, tags):
    (tmp_path / name).write_text(text, encoding="utf-8")
    rows = data.rows(
        card_of("tagging", source={"files": str(tmp_path)}, labels=TAGS, metric="accuracy"), "train", "en"
    )[:]
    assert rows == {"tokens": tokens, "tags": tags}


def test_comments_of_conll_in_any_form(data, card_of, tmp_path):
    """A line of a sentence that begins with # is a word of it."""
    head = "# newdoc\n#no blank\n-DOCSTART- -X- O O\n\n# sent_id = 1\n"
    text = f"{head}EU NNP I-NP B-PER\n# SYM I-NP O\n\n# newpar\n# X X O\n"
    (tmp_path / "train.conll").write_text(text.replace("\n", "\r\n"))
    rows = data.rows(card_of("tagging", source={"files": str(tmp_path)}), "train", "en")
    assert rows[:] == {"tokens": [["EU", "#"], ["#"]], "tags": [[1, 0], [0]]}


@pytest.mark.parametrize(
    ("text", "says"),
    [("a O\nb\n", "line 2: a line of a single field"), ("a O\nb X O\n", "different numbers of fields")],
)
def test_conll_with_lines_of_other_lengths(data, card_of, tmp_path, text, says):
    (tmp_path / "train.conll").write_text(text)
    with pytest.raises(InputError, match=says):
        data.rows(card_of("tagging", source={"files": str(tmp_path)}), "train", "en")


def test_the_endings_that_cards_look_for_are_those_that_are_read():
    assert tuple(BUILDERS) == ENDINGS


@pytest.mark.parametrize(
    ("header", "row", "last", "count"),
    [("text,label", "x,{}", "the last,", 10_000), ("id,text,label", "7,x,{}", "A1,the last,1", 10_001)],
)
def test_types_do_not_depend_on_the_rows_that_come_first(data, card_of, tmp_path, header, row, last, count):
    rows = "".join(f"{row.format(number % 2)}\n" for number in range(10_000))
    (tmp_path / "train.csv").write_text(f"{header}\n{rows}{last}\n")
    card = card_of("sentence_classification", source={"files": str(tmp_path)}, labels=["no", "yes"])
    assert len(data.rows(card, "train", "en")) == count


@pytest.mark.parametrize("header", ["text,label,text", "text,label,label", "\ufefftext,label,text"])
def test_columns_of_csv_of_one_name_are_refused(data, card_of, tmp_path, header):
    """Which of them the card means cannot be known. Columns without a name may be several: nobody can mean them."""
    (tmp_path / "train.csv").write_text(f"{header}\nthe moon,1,0\n")
    with pytest.raises(InputError, match="two columns have one name") as error:
        data.rows(card_of("sentence_classification", source={"files": str(tmp_path)}), "train", "en")
    assert header.split(",")[2] in problem(error).found
    (tmp_path / "train.csv").write_text("text,label,,\nthe moon,1,,\n")
    assert len(data.rows(card_of("sentence_classification", source={"files": str(tmp_path)}), "train", "en")) == 1


def test_rows_of_csv_that_are_longer_than_the_header_are_refused(data, card_of, tmp_path):
    """pandas takes the first column for the index then, and every column's name for its neighbour's."""
    (tmp_path / "train.csv").write_text("text,label\n5,the moon,1\n")
    card = card_of("sentence_classification", source={"files": str(tmp_path)})
    with pytest.raises(InputError, match="more fields than its header"):
        data.rows(card, "train", "en")


@pytest.mark.parametrize(
    ("name", "neighbour"), [("v[1]", "v1"), ("run*", "run2"), ("what?", "whats"), ("{a,b}", "a"), ("[!x]", "y")]
)
@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_folder_or_file_with_signs_of_a_pattern_is_itself(data, card_of, tmp_path, name, neighbour, ending):
    tables = {"jsonl": '{{"text": "{}", "label": 0}}\n', "csv": "text,label\n{},0\n"}
    for folder, text in ((name, "mine"), (neighbour, "of another")):
        for file in (tmp_path / folder / f"train.{ending}", tmp_path / "files" / f"{folder}.{ending}"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(tables[ending].format(text))
    for folder, split in ((name, "train"), ("files", name)):
        splits = {"train": split, "dev": split, "test": split}
        source = {"files": str(tmp_path / folder)}
        card = card_of("sentence_classification", source=source, splits=splits, sizes={"train": 1})
        assert data.rows(card, "train", "en")["text"][:] == ["mine"]
        assert looked_at(card, data.hub, None).problems == []


def test_shards_are_joined_and_other_splits_with_that_beginning_are_not(data, sentences, tables):
    for split in ("train-00000-of-00002", "train-00001-of-00002", "train_r2"):
        card = sentences(split=split)
    assert len(data.rows(card, "train", "en")) == 6


def test_suites_lie_in_the_cache_by_path_and_configuration(data, card_of):
    card = card_of("sentence_classification", source={"suite": "mini", "path": "genre", "config": "{lang}"})
    with pytest.raises(Failure, match="mini' is not built"):
        data.rows(card, "train", "de")
    folder = suite_folder(data.cache, "mini") / "data" / "genre" / "de"
    assert folder.parts[-4] == "mini-v3"
    folder.mkdir(parents=True)
    Dataset.from_dict(ROWS).to_parquet(str(folder / "train.parquet"))
    assert len(data.rows(card, "train", "de")) == 3
    with pytest.raises(InputError, match="no such folder") as error:
        data.rows(card, "train", "fr")
    assert "delete its folder and launch again" in problem(error).fix


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_mirror_stands_in_for_the_hub(tmp_path, card_of, prefix):
    folder = tmp_path / "mirror" / "some" / "set"
    for config in ("german", "en"):
        (folder / (config or "")).mkdir(parents=True, exist_ok=True)
        path = folder / (config or "") / "train-00000-of-00001.parquet"
        Dataset.from_dict({"text": [str(config)], "label": [0]}).to_parquet(str(path))
    data = Data(tmp_path / "cache", mirror=f"{prefix}{tmp_path / 'mirror'}")
    card = card_of("sentence_classification", source={"hub": "some/set", "config": "{name}", "names": {"de": "german"}})
    assert data.rows(card, "train", "de")["text"][:] == ["german"]
    assert data.rows(card, "train", "en")["text"][:] == ["en"]


def test_a_file_of_a_mirror_without_etags_is_copied_again_once_it_has_changed(tmp_path, card_of):
    """The downloads of `datasets` would take it for the same: they tell files apart by ETag alone."""
    files, card = fsspec.filesystem("memory"), card_of("sentence_classification", source={"hub": "some/set"})
    for text in ("first", "other"):
        files.pipe_file("/hub/some/set/train.jsonl", json.dumps({"text": text, "label": 0}).encode())
        copies_of.cache_clear()  # as in another process
        assert Data(tmp_path / "cache", mirror="memory://hub").rows(card, "train", "en")["text"][:] == [text]


# --- splits


def test_a_split_that_is_not_there_is_named_with_those_that_are(data, sentences):
    card = sentences()
    with pytest.raises(InputError) as error:
        data.rows(card, "dev", "en")
    shown = problem(error)
    assert shown.where == "some_sentence_classification.yaml: splits.dev"
    assert "no file for split 'dev'" in shown.what
    assert "has: train.parquet" in shown.found
    assert shown.fix == "dev.parquet|jsonl|json|csv|tsv|conll|conllu"


def test_a_split_that_the_card_does_not_name_is_a_mistake(data, sentences):
    card = sentences(splits={"train": None, "dev": "dev", "test": "dev"})
    with pytest.raises(InputError, match="the card has no train split"):
        data.rows(card, "train", "en")


@pytest.mark.parametrize(("labels", "says"), [([], "no rows in"), ([-1, -1], "2 rows without a label, or a text, in")])
def test_an_empty_split_is_a_mistake(data, sentences, labels, says):
    features = Features({"text": Value("string"), "label": Value("int64")})
    card = sentences({"text": ["a"] * len(labels), "label": labels}, features)
    for _ in range(2):  # nothing is kept of it
        with pytest.raises(InputError) as error:
            data.rows(card, "train", "en")
        assert problem(error).what == "the train split is empty"
        assert problem(error).found.startswith(says)


def test_a_file_that_is_not_what_its_name_says_is_a_mistake(data, card_of, tmp_path, capfd):
    (tmp_path / "train.parquet").write_text("hello")
    card = card_of("sentence_classification", source={"files": str(tmp_path)})
    with pytest.raises(InputError, match=r"train.parquet: is not readable as parquet"):
        data.rows(card, "train", "en")
    assert capfd.readouterr() == ("", "")


def test_empty_files_of_any_kind_are_empty_splits(data, card_of, tmp_path):
    (tmp_path / "train.csv").write_text("text,label\n")
    (tmp_path / "dev.jsonl").write_text("")
    card = card_of("sentence_classification", source={"files": str(tmp_path)})
    for split in ("train", "dev"):
        with pytest.raises(InputError, match=f"the {split} split is empty"):
            data.rows(card, split, "en")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({"files": "a/" * 3000}, "too long"),
        ({"files": "here", "config": "a/" * 3000}, "too long"),
        ({"suite": "a/" * 3000, "path": "genre"}, "too long"),
        ({"files": "~nobody-is-called-so/data"}, "no such folder"),
        ({"files": "a\0b"}, "no such folder"),
    ],
)
def test_a_folder_that_nobody_can_look_into(data, card_of, source, says):
    card = card_of("masked_lm", source={**source, "supply": "ask"} if "files" in source else source)
    with pytest.raises(InputError, match=says) as error:
        data.rows(card, "train", "en")
    assert problem(error).where == "some_masked_lm.yaml: source"
    assert list(away(card, None)) == ([card.source.files] if "files" in source else [])


# --- files that cannot be read


def parquet(path, columns):
    pq.write_table(pa.table(columns), path)


def csv(path, text):
    path.write_bytes(text.encode("latin-1"))


COLUMNS, QUOTES = "give all files of the split the same columns", "into quotes"


@pytest.mark.parametrize(
    ("write", "what", "fix"),
    [
        (lambda f: csv(f / "train.csv", "text,b\na,1\nb,2,3,4\n"), "not readable as csv", QUOTES),
        (lambda f: csv(f / "train.csv", "text\na,b\n"), "more fields than its header", QUOTES),
        (lambda f: csv(f / "train.csv", 'text\n"a\nb\n'), "not readable as csv", QUOTES),
        (lambda f: csv(f / "train.csv", "text\nMüller\n"), "not readable as csv", "save it as UTF-8"),
        (lambda f: csv(f / "train.jsonl", '{"text": "Müller"}'), "not readable as JSON", "save it as UTF-8"),
        (lambda f: (csv(f / "train-1.csv", "text\na\n"), csv(f / "train-2.csv", "x\nb\n")), "not readable", COLUMNS),
        (
            lambda f: (parquet(f / "train-1.parquet", {"text": ["a"]}), parquet(f / "train-2.parquet", {"x": ["a"]})),
            "not readable as parquet",
            COLUMNS,
        ),
        (lambda f: csv(f / "train.parquet", "PAR1 and more"), "not readable as parquet", "copy it again"),
        (
            lambda f: parquet(f / "train.parquet", {"text": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64()))}),
            "not readable as parquet",
            "leave that column out",
        ),
    ],
)
def test_what_to_do_with_a_file_that_cannot_be_read(data, card_of, tmp_path, write, what, fix):
    write(tmp_path)
    card = card_of("masked_lm", source={"files": str(tmp_path)})
    with pytest.raises(InputError) as error:
        data.rows(card, "train", "en")
    assert what in problem(error).what
    assert fix in problem(error).fix


@pytest.mark.parametrize("first", [[1, 2], ["01", "02"]])
def test_a_column_of_two_types_in_two_files_is_not_cast(data, card_of, tmp_path, first):
    """Read as numbers, "01" is the label 1, and as texts 1 is the label "1", whatever file comes first."""
    other = ["01", "02"] if first == [1, 2] else [1, 2]
    for number, labels in enumerate((first, other)):
        parquet(tmp_path / f"train-{number}.parquet", {"text": ["a", "b"], "label": labels})
    card = card_of("sentence_classification", source={"files": str(tmp_path)}, labels=["0", "1", "2"])
    with pytest.raises(InputError, match="of another type than in the split's first file") as error:
        data.rows(card, "train", "en")
    assert problem(error).where == str(tmp_path / "train-1.parquet")


def test_fields_of_json_of_one_name(data, card_of, tmp_path):
    (tmp_path / "train.jsonl").write_text(json.dumps({"text": "a", "label": {"": 1, "\0": 2}}))
    with pytest.raises(InputError, match="two columns or fields have one name"):
        data.rows(card_of("sentence_classification", source={"files": str(tmp_path)}), "train", "en")


@pytest.mark.parametrize(
    "column",
    [
        pa.array([{"": 1, "\0": 2}]),  # names end at a zero in Parquet
        pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]),
        pa.array([[]], pa.large_list(pa.struct([("a", pa.int64()), ("a", pa.int64())]))),
    ],
)
def test_fields_of_one_name(data, card_of, tmp_path, column):
    """Python has no struct like that, so that the rows could not be read."""
    parquet(tmp_path / "train.parquet", {"text": ["a"], "label": column})
    with pytest.raises(InputError, match="two columns or fields have one name"):
        data.rows(card_of("sentence_classification", source={"files": str(tmp_path)}), "train", "en")


def test_numbers_and_texts_of_other_widths_are_of_one_type(data, card_of, tmp_path):
    labels = [pa.array([1], pa.int8()), pa.array([2], pa.int64()), pa.array([0.0])]
    texts = [pa.array(["a"]), pa.array(["b"], pa.large_string()), pa.array(["c"]).dictionary_encode()]
    for number, (text, label) in enumerate(zip(texts, labels, strict=True)):
        parquet(tmp_path / f"train-{number}.parquet", {"text": text, "label": label})
    card = card_of("sentence_classification", source={"files": str(tmp_path)})
    assert data.rows(card, "train", "en")[:] == {"text": ["a", "b", "c"], "label": [1, 2, 0]}


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv"])
def test_data_that_git_lfs_did_not_fetch(data, card_of, tmp_path, ending):
    (tmp_path / f"train.{ending}").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4000\n")
    with pytest.raises(InputError, match="is a Git LFS pointer") as error:
        data.rows(card_of("masked_lm", source={"files": str(tmp_path)}), "train", "en")
    assert problem(error).fix == f"git -C {tmp_path} lfs pull"


def test_no_server_is_told_of_a_local_file(data, card_of, tmp_path, hub, monkeypatch):
    monkeypatch.setattr(datasets.config, "S3_DATASETS_BUCKET_PREFIX", f"{hub.url}/counts")
    for offline in ("datasets.config", "huggingface_hub.constants"):
        monkeypatch.setattr(f"{offline}.HF_HUB_OFFLINE", False)
    Dataset.from_dict(ROWS).to_csv(str(tmp_path / "train.csv"))
    card = card_of("sentence_classification", source={"files": str(tmp_path)})
    assert data.rows(card, "train", "en")[:] == ROWS
    looked_at(card, data.hub, data.mirror)
    assert not hub.requests


LINES = [f"text {number}\tlaw" for number in range(40)]


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({5: '"Great, she said\tlaw', 20: '"Bad, he said\tlaw'}, (7, 22)),
        ({5: '"Great, she said\tlaw', 20: 'a screen of 5"\tlaw'}, (7, 22)),
        ({2: '"So" it began\tlaw', 5: '"Great, she said\tlaw', 20: '"Bad, he said\tlaw'}, (7, 22)),
        ({5: '"So" it began\tlaw', 20: 'a screen of 5"\tlaw', 30: '"two\nlines"\tlaw'}, None),
    ],
)
def test_a_quote_that_is_not_closed_takes_no_rows_along(data, card_of, tmp_path, changed, lines):
    rows = [changed.get(number, row) for number, row in enumerate(LINES)]
    (tmp_path / "train.tsv").write_text("text\tlabel\n" + "".join(f"{row}\n" for row in rows))
    card = card_of("sentence_classification", source={"files": str(tmp_path)})
    if lines is None:
        assert len(data.rows(card, "train", "en")) == len(LINES)
        return
    with pytest.raises(InputError) as error:
        data.rows(card, "train", "en")
    assert problem(error).what == "rows are read as one text"
    assert problem(error).where.endswith(f"train.tsv: line {lines[0]}")
    assert problem(error).found.endswith(f"in line {lines[1]}")
