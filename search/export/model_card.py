"""The README of a model that is taken home, as the hub's model cards are written: a statement in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from search.answers.answer import GainedMeasurement, Interval, Measurement
from search.answers.mixes import Baseline, GainEstimate, MixResult
from search.export.statement import STATEMENT, DataSet, Statement
from search.formatting import hyperparameters, number, percent, points, points_between, share
from spaces.formats import FORMATS
from spaces.parsing import to_yaml
from spaces.repository import SUITE_PREFIX, is_folder

PIPELINES = {
    "AutoModelForSequenceClassification": "text-classification",
    "AutoModelForTokenClassification": "token-classification",
    "AutoModelForQuestionAnswering": "question-answering",
    "AutoModelForMultipleChoice": "multiple-choice",
    "SentenceTransformer": "sentence-similarity",
}
"""Class -> what the hub calls the kind of task."""

INTERVALS = (
    "with the interval that holds them in 95 % of searches, a wider one for each language. The development split"
    " chose the mix: its gains are on the high side, and their intervals are for all mixes at once."
)
SPREADS = (
    "seed by seed; ± is their standard deviation over seeds. The development split drives the search, so its gain may"
    " be on the high side; the test split chooses nothing."
)


def render(statement: Statement) -> str:
    """The card as Markdown, with the fields that the hub reads before it."""
    sections = [
        f"---\n{to_yaml(_fields(statement))}---\n",
        f"# {statement.target}, {_what(statement)}\n",
        _summary(statement),
        f"## Use\n\n{_use(statement)}",
        f"## What it is worth\n\n{_worth(statement)}",
        f"## Training\n\n{_training(statement)}",
        f"## Data\n\n{_data(statement.data)}",
        f"## Not verified\n\n{_doubts(statement)}",
        f"## Made by\n\n```sh\n{statement.command}\n```\n\n{_origin(statement)}",
    ]
    return "\n".join(sections)


def _fields(statement: Statement) -> dict[str, object]:
    sentences = statement.loads_with == "SentenceTransformer"
    fields: dict[str, object] = {
        "library_name": "sentence-transformers" if sentences else "transformers",
        "language": sorted(statement.languages),
        "tags": ["taskmix"],
    }
    name = statement.model.name
    if not is_folder(name) and not name.startswith(SUITE_PREFIX):
        fields["base_model"] = name.partition("@")[0]
    if statement.loads_with in PIPELINES:
        fields["pipeline_tag"] = PIPELINES[statement.loads_with]
    hub = sorted({key.partition("s/")[2].partition("@")[0] for one in statement.data for key in one.commits})
    if hub:
        fields["datasets"] = hub
    return fields


def _what(statement: Statement) -> str:
    return "a fine-tuned model" if statement.content == "fine-tuned" else "an encoder"


def _summary(statement: Statement) -> str:
    model = statement.model
    base = f"`{model.name}`" + (f" at commit `{model.commit}`" if model.commit else "")
    if statement.is_baseline:
        made = f"{base} as it is, without intermediate training"
    else:
        made = f"{base}, trained on a mix of intermediate tasks: **{statement.mix}**"
    if statement.content == "encoder":
        return f"The encoder of {made}. It has no head: it is there to be fine-tuned.\n"
    if any(stage.data != statement.mix for stage in statement.stages) or statement.is_baseline:
        return f"{made[0].upper()}{made[1:]}; then fine-tuned for `{statement.target}`.\n"
    return f"{made[0].upper()}{made[1:]}; for `{statement.target}` nothing more was trained.\n"


def _use(statement: Statement) -> str:
    code = ", trust_remote_code=True" if statement.code else ""
    folder, cut = '"FOLDER"', f"\nTexts were cut at {statement.max_length} tokens in training."
    loads = statement.loads_with
    if loads == "SentenceTransformer":
        lines = [
            "from sentence_transformers import SentenceTransformer",
            f"model = SentenceTransformer({folder})",
            'print(model.similarity(*model.encode(["Guten Tag", "Good morning"])))',
        ]
        cut = f"\nTexts are cut at {statement.max_length} tokens, as they were when it was scored."
    elif loads == "AutoModel":
        bare = ", add_pooling_layer=False" if statement.takes_pooler_away else ""
        lines = [
            "from transformers import AutoModel, AutoTokenizer",
            f"tokenizer = AutoTokenizer.from_pretrained({folder})",
            f"model = AutoModel.from_pretrained({folder}{bare})",
        ]
        if statement.takes_pooler_away:
            cut += " There is no pooling layer in the files:\nwithout `add_pooling_layer=False` transformers makes a"
            cut += " random one, and `pooler_output` means nothing."
    elif loads in ("AutoModelForSequenceClassification", "AutoModelForTokenClassification"):
        task = PIPELINES[loads]
        lines = [
            "from transformers import pipeline",
            f'model = pipeline("{task}", {folder}{code})',
            _call(statement),
        ]
        cut = f"\nTexts were cut at {statement.max_length} tokens when it was scored, as the tokenizer does with"
        cut += " `truncation=True`."
    else:
        lines = [
            f"from transformers import AutoTokenizer, {loads}",
            f"tokenizer = AutoTokenizer.from_pretrained({folder})",
            f"model = {loads}.from_pretrained({folder}{code})",
        ]
        cut = f"\nInputs were cut at {statement.max_length} tokens when it was scored."
    for file in statement.code:
        cut += (
            f" transformers has no class for\nthis head: it runs `{file}` of this folder, and a pipeline says in a long"
        )
        cut += " line that it does not know the class, which does not matter."
    with_what = "sentence-transformers" if loads == "SentenceTransformer" else "transformers 4.57 or 5"
    text = "\n".join(lines)
    return f"With {with_what}:\n\n```python\n{text}\n```\n{cut}\n"


def _call(statement: Statement) -> str:
    if "text_b" in FORMATS[statement.format].columns:
        return 'print(model({"text": "Es regnet.", "text_pair": "It is raining."}, truncation=True))'
    if statement.loads_with == "AutoModelForTokenClassification":
        return 'print(model("Ein Text in einer Sprache ohne Labels", aggregation_strategy="first"))'
    return 'print(model("Ein Text in einer Sprache ohne Labels", truncation=True))'


def _worth(statement: Statement) -> str:
    result, metric, rung = statement.result, statement.metric or "score", statement.rung
    expected, claim = (result.expected, result.claim) if isinstance(result, MixResult) else (None, None)
    seeds = f"{len(result.seeds)} seed{'s' if len(result.seeds) != 1 else ''}"
    rows = "" if statement.evaluated_rows is None else f", at most {statement.evaluated_rows} rows of each language"
    with_interval = expected is not None and expected.low is not None
    lines = [
        f"{metric} on `{statement.target}` in %, after fine-tuning, mean of {seeds}{rows}. Gains are points over the"
        f" same with no intermediate training, {INTERVALS if with_interval else SPREADS}",
        "",
    ]
    if not rung.top:
        lines += [f"Measured with {rung.share:.0%} of the examples only: the search went no further with it.", ""]
    splits: list[tuple[str, Measurement | None, GainEstimate | None]] = [
        ("development", result, expected),
        ("test", result.test, claim),
    ]
    known = [(name, measured, estimate) for name, measured, estimate in splits if measured is not None]
    languages = list(dict.fromkeys(language for _, measured, _ in known for language in measured.languages))
    lines += _row("", *(title for name, _, _ in known for title in (name, "gain")))
    lines += _row("---", *("---:" for _ in known for _ in range(2)))
    lines += _row("all languages", *(cell for _, measured, estimate in known for cell in _cells(measured, estimate)))
    for language in languages:
        pairs = [_cells_of(measured, estimate, language) for _, measured, estimate in known]
        lines += _row(language, *(cell for pair in pairs for cell in pair))
    if claim is not None and claim.probability is not None:
        lines += ["", _claim(claim)]
    if isinstance(result, MixResult) and (result.gain is None or result.gain <= 0 or result.above_floor is False):
        lines += ["", "**It does not beat the baseline**: the pretrained model does as well without this training."]
    if statement.content == "fine-tuned" and len(result.seeds) > 1:
        lines += [
            "",
            f"The model in this folder is that of seed {statement.seed}; the scores are means over all seeds.",
        ]
    return "\n".join(lines) + "\n"


def _claim(claim: GainEstimate) -> str:
    """What the gain is worth, and on what that rests."""
    fresh = "" if claim.optimistic else "fresh "
    seeds = f"{claim.seeds} {fresh}seed{'' if claim.seeds == 1 else 's'} against {claim.baseline_seeds} of the baseline"
    rests = f"optimistic: {claim.optimistic}" if claim.optimistic else "the test split had no say in the choice"
    beats = f"It beats the baseline with a probability of {share(claim.probability or 0.0)}"
    return f"{beats}, by the test split ({seeds}; {rests})."


def _row(*cells: str) -> list[str]:
    return ["| " + " | ".join(cells) + " |"]


def _cells(measured: Measurement, estimate: GainEstimate | None) -> tuple[str, str]:
    gain = points(measured.gain, measured.gain_spread) if isinstance(measured, GainedMeasurement) else ""
    return percent(measured.score), _with_interval(estimate) or gain


def _cells_of(measured: Measurement, estimate: GainEstimate | None, language: str) -> tuple[str, str]:
    gains = measured.gain_languages if isinstance(measured, GainedMeasurement) else {}
    interval = _with_interval(estimate.languages.get(language)) if estimate is not None else ""
    return percent(measured.languages.get(language)), interval or points(gains.get(language))


def _with_interval(gain: Interval | None) -> str:
    """Empty where there is none."""
    if gain is None or gain.low is None or gain.high is None:
        return ""
    return f"{points(gain.mean)} ({points_between(gain.low, gain.high)})"


def _training(statement: Statement) -> str:
    lines = [f"Seed {statement.seed}."] if statement.stages else ["None."]
    if statement.hyperparameters:
        lines.append(f"Searched settings: {hyperparameters(statement.hyperparameters)}.")
    for stage in statement.stages:
        lines.append(f"* {number(stage.examples)} examples of {stage.data}: {_settings(stage.settings)}")
    return "\n".join(lines) + "\n"


def _settings(settings: Mapping[str, object]) -> str:
    given = {name: value for name, value in settings.items() if value is not None}
    return hyperparameters(given)


def _data(data: Sequence[DataSet]) -> str:
    lines = [*_row("data set", "role", "license", "from"), *_row("---", "---", "---", "---")]
    for one in data:
        commits = "".join(f", commit {commit[:12]}" for commit in one.commits.values())
        lines += _row(one.name, one.role, one.license, f"{one.origin} (`{one.source}`{commits})")
    return "\n".join(lines) + "\n"


def _doubts(statement: Statement) -> str:
    return "\n".join(f"* {doubt}" for doubt in doubts(statement)) + "\n"


def doubts(statement: Statement) -> Iterator[str]:
    """What nobody has looked at."""
    yield "Whether the licenses above allow your use, and what they ask of a model that was trained on the data."
    for one in statement.data:
        if one.unverified:
            yield f"Of `{one.name}`: {one.unverified}"
    yield "Languages and texts other than those of the table; bias, safety and privacy of the data."
    if len(statement.result.seeds) < 2:
        yield "How much of the gain is chance: there is one seed."


def _origin(statement: Statement) -> str:
    result = statement.result
    digest = "" if isinstance(result, Baseline) else f", recipe `{result.digest}`"
    return f"Search `{statement.search}`{digest}. `{STATEMENT}` has all of this for programs, and checksums of files.\n"
