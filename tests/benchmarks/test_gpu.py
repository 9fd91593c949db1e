"""benchmarks/gpu.py with tiny sizes on the CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import gpu

ROOT = Path(__file__).parent.parent.parent

ALONE = """
import sys
for name in ("datasets", "ray", "pyarrow", "optuna", "mlflow", "fsspec", "faiss", "seqeval", "rich"):
    sys.modules[name] = None  # importing it raises
from benchmarks import gpu
from spaces.formats import FORMATS
from trainables.formats import by_name
for name, form in FORMATS.items():
    if not form.has_pool:
        by_name(name)
gpu.main(sys.argv[1:])
"""
"""Runs it where there is not much more than torch, transformers, scikit-learn and DeepSpeed."""


@pytest.mark.slow
def test_it_needs_neither_ray_nor_datasets_nor_a_compiler(tmp_path: Path) -> None:
    """With neither compiler nor ninja on the path; the folder for compiled extensions stays empty."""
    environment = {**os.environ, "PATH": "", "TORCH_EXTENSIONS_DIR": str(tmp_path), "CUDA_VISIBLE_DEVICES": ""}
    asked = ["--size", "tiny", "--rounds", "1", "--steps", "3", "--rows", "4", "--ways", "ours", "bare"]
    command = [sys.executable, "-c", ALONE, *asked]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("*.so")) == []
    device, *lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert device["size"] == "tiny"
    ways = [(line["format"], line["way"]) for line in lines if "way" in line]
    assert ways == [(form, way) for form in gpu.LENGTHS for way in ("ours fp32", "bare fp32")]
    assert all(line["tokens_per_second"] > 0 for line in lines if "way" in line)
    assert [list(line["ours_against"]) for line in lines if "ours_against" in line] == [["bare fp32"]] * 3


@pytest.mark.torch
@pytest.mark.parametrize("form", gpu.LENGTHS)
def test_losses_of_a_stage_are_those_of_the_loop(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the script compares between two devices, here on one."""
    from trainables.formats import encoding
    from trainables.training.stage import train

    monkeypatch.setattr(encoding, "DROPOUT", 0.0)
    task = gpu.make_task(form, "tiny", steps=3, rows=4, dropout=0.0)
    expected = gpu.losses_on_cpu(task)
    found = train(task.encoder, gpu.TOKENIZER, {"rows": task.features}, task.spec).losses
    assert found == pytest.approx(expected, rel=1e-4)


def test_made_up_rows_are_as_long_as_the_formats() -> None:
    for form, (middle, _, most) in gpu.LENGTHS.items():
        lengths = sorted(gpu.features_of(form, 200, 400)["length"])
        assert lengths[-1] <= most
        assert lengths[200] == pytest.approx(middle, rel=0.2)
