"""The models of the answers: their page, and what a client may rely on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from search.answers import document as model_document
from search.answers.benchmark import BenchmarkTable
from search.answers.document import PAGE, with_fields
from search.answers.mixes import BestMixes
from search.answers.status import SearchStatus

MODELS = sorted(Path(model_document.__file__).parent.glob("*model.py"))

ANSWERS = Path(__file__).parents[2] / "before" / "answers"


def test_the_page_says_what_the_models_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_fields(page), "python -m search.answers.document"
    for words in (
        "`targets.*.best[].test.gain_languages`",
        "`targets.*.learned.more.from`",
        "`rows[].dev.cells.*.parts`",
    ):
        assert words in page


def test_a_client_reads_what_was_written() -> None:
    for file, model in (("best.json", BestMixes), ("status.json", SearchStatus), ("suite.json", BenchmarkTable)):
        text = (ANSWERS / file).read_text(encoding="utf-8")
        answer = model.model_validate_json(text)
        assert model.model_validate(answer.to_json()) == answer


def test_a_client_needs_pydantic_alone() -> None:
    heavy = "{'optuna', 'ray', 'numpy', 'yaml', 'rich', 'spaces', 'trainables'}"
    modules = "".join(f", search.results.{path.stem}" for path in MODELS)
    code = f"import sys{modules}; assert not {heavy} & {{name.split('.')[0] for name in sys.modules}}"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
