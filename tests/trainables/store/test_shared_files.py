"""A frozen embedding is stored once: encoders of one base hold one file of it; on local files and on a real S3."""

from __future__ import annotations

import copy
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Barrier, Thread
from typing import NoReturn

import pytest
import torch
from transformers import AutoModel, PreTrainedModel

from tests.support.encoders import kit_of
from tests.support.stores import Raw, said
from trainables.encoders import checkpoint, frozen_embedding
from trainables.encoders.frozen_embedding import SharedWith
from trainables.store import shared_files
from trainables.store.filesystem import Files
from trainables.store.manifest import sha256
from trainables.store.shared_files import SharedFiles
from trainables.store.store import Store
from trainables.work.settings import StoredType

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]
EMBEDDING, REST = frozen_embedding.SHARDS


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_files, "LARGE", 5_000)


@pytest.fixture
def base() -> PreTrainedModel:
    return kit_of("xlm-r").encoder()


def embedding_of(model: PreTrainedModel) -> torch.Tensor:
    return model.get_input_embeddings().get_parameter("weight")


def trained(base: PreTrainedModel, seed: int, frozen: bool = True) -> PreTrainedModel:
    """A copy whose weights are all others, but for a frozen embedding."""
    model, chance = copy.deepcopy(base), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            if not (frozen and weight is embedding_of(model)):
                weight.add_(torch.randn(weight.shape, generator=chance))
    return model


def put(store: Store, key: str, model: PreTrainedModel, base: PreTrainedModel, dtype: StoredType = "fp32") -> None:
    """As a worker does."""
    with store.staging() as folder:
        checkpoint.save_tokenizer(kit_of("xlm-r").tokenizer, folder)
        checkpoint.save_model(model, folder, dtype, SharedWith(base, store.shared))
        store.put_encoder(key, folder, {})


def folder_of(store: Store, key: str) -> Path:
    found = store.encoder(key)
    assert found is not None, store.complaints
    return found


def assert_loads(folder: Path, model: PreTrainedModel) -> None:
    """With transformers alone, and with ours."""
    for read in (AutoModel.from_pretrained(folder, add_pooling_layer=False), checkpoint.load(folder).model):
        state = read.state_dict()
        assert all(
            torch.equal(state[name], value) for name, value in model.state_dict().items() if "pooler" not in name
        )


def shards(raw: Raw) -> list[str]:
    return [name for name in raw.names() if name.startswith("shared/") and name.endswith(".safetensors")]


# --- stored once


def test_two_encoders_of_one_base_hold_one_embedding(
    store: Store, raw: Raw, base: PreTrainedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = trained(base, 1), trained(base, 2)
    put(store, "one", one, base)
    written = raw.names()
    with monkeypatch.context() as patch:

        def write(*args: object) -> NoReturn:
            raise AssertionError("the embedding is there: it is not written again")

        patch.setattr(frozen_embedding.FrozenEmbedding, "write", write)
        put(store, "two", two, base)
    assert len(shards(raw)) == 1 and shards(raw)[0] in written
    elsewhere = Store(store.url, tmp_path / "another machine")
    for reader in (store, elsewhere):
        folders = [folder_of(reader, key) for key in ("one", "two")]
        assert len({(folder / EMBEDDING).stat().st_ino for folder in folders}) == 1
        assert len({(folder / REST).stat().st_ino for folder in folders}) == 2
        assert_loads(folders[0], one)
        assert_loads(folders[1], two)
        assert reader.complaints == []
    own = {
        key: sum(path.stat().st_size for path in folder.iterdir() if path.name != EMBEDDING)
        for key, folder in zip(("one", "two"), folders, strict=True)
    }
    assert store.sizes(["one", "two"]) == own
    (digest,) = store.shared_sizes(["one", "two"])
    assert store.shared_sizes(["one"]) == {digest: (folders[0] / EMBEDDING).stat().st_size}
    assert digest == sha256(folders[0] / EMBEDDING)


def test_what_is_not_the_bases_is_not_shared(
    store: Store, raw: Raw, base: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where it is equal but another number: -0 beside 0. Manifests of such encoders are as ever."""
    with torch.no_grad():
        embedding_of(base)[3, 3] = 0.0
    nearly = trained(base, 1)
    with torch.no_grad():
        embedding_of(nearly)[3, 3] = -0.0
    put(store, "trained", trained(base, 1, frozen=False), base)
    put(store, "nearly", nearly, base)
    monkeypatch.setattr(shared_files, "LARGE", 10_000_000)
    put(store, "small", trained(base, 1), base)
    assert not [name for name in raw.names() if name.startswith("shared")]
    for key in ("trained", "nearly", "small"):
        assert b"shared" not in raw.read(f"encoders/{key}.json")
        assert not (folder_of(store, key) / EMBEDDING).exists()
    assert_loads(folder_of(store, "nearly"), nearly)
    assert store.shared_sizes(["trained", "nearly", "small"]) == {}


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("bert", "bf16"), ("modernbert", "fp32"), ("mdeberta", "fp32"), ("mt5", "fp32"), ("mt5", "bf16")],
)
def test_every_family_and_type_comes_back(kind: str, dtype: StoredType, tmp_path: Path) -> None:
    """In mT5 the embedding stands under two names."""
    base, store = kit_of(kind).encoder(), Store(str(tmp_path / "store"), tmp_path / "cache")
    for key, seed in (("one", 1), ("two", 2)):
        model = trained(base, seed)
        checkpoint.round_weights(model, dtype)
        put(store, key, model, base, dtype)
        read = checkpoint.load(folder_of(store, key)).model.state_dict()
        assert all(torch.equal(read[name], value) for name, value in model.state_dict().items() if name in read)
        assert len(read) >= len(model.state_dict()) - 2  # without a pooler
    assert len(shards(Raw(store.url))) == 1
    assert len({(folder_of(store, key) / EMBEDDING).stat().st_ino for key in ("one", "two")}) == 1


def test_where_files_cannot_be_linked_each_has_its_own(
    tmp_path: Path, base: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **rest: object) -> NoReturn:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    for key, seed in (("one", 1), ("two", 2)):
        put(store, key, trained(base, seed), base)
        assert_loads(folder_of(store, key), trained(base, seed))
    assert store.shared_sizes(["one", "two"]) == {}
    assert shards(Raw(store.url)) == []


def test_a_store_that_was_copied_from_a_remote_one(tmp_path: Path, base: PreTrainedModel) -> None:
    """There the folder lacks what is shared."""
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    put(store, "k", trained(base, 1), base)
    folder = folder_of(store, "k")
    (folder / EMBEDDING).unlink()
    assert_loads(folder_of(store, "k"), trained(base, 1))
    (folder / EMBEDDING).unlink()
    (folder / EMBEDDING).symlink_to(tmp_path / "outside")
    assert store.encoder("k") is None and not (tmp_path / "outside").exists()
    folder.rename(tmp_path / "moved")
    (tmp_path / "moved" / EMBEDDING).unlink()
    folder.symlink_to(tmp_path / "moved")
    assert store.encoder("k") is None and not (tmp_path / "moved" / EMBEDDING).exists()


# --- several writers, and writers that die


def test_two_that_write_at_once_end_with_one_file(tmp_path: Path, base: PreTrainedModel) -> None:
    both_write, url = Barrier(2, timeout=60), str(tmp_path / "store")
    data = os.urandom(20_000)
    (tmp_path / "data").write_bytes(data)
    digest, ends = sha256(tmp_path / "data"), list[Path]()

    def write(path: Path) -> None:
        both_write.wait()  # neither has found the other's
        path.write_bytes(data)

    def place(number: int) -> None:
        store = Store(url, tmp_path / f"cache {number}")
        with store.staging() as folder:
            store.shared.place(folder / EMBEDDING, digest, write)
            store.put_encoder(str(number), folder, {})
        ends.append(folder_of(store, str(number)) / EMBEDDING)

    writers = [Thread(target=place, args=[number]) for number in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [path.read_bytes() for path in ends] == [data, data]
    assert len({path.stat().st_ino for path in ends}) == 1
    assert [path.name for path in ends[0].parent.iterdir()] == [EMBEDDING]


DIE = """
import os, signal, sys
from pathlib import Path
from trainables.store.manifest import sha256
from trainables.store.store import Store

url, source, cache, when = sys.argv[1:]
data, store = Path(source).read_bytes(), Store(url, Path(cache))

def write(path):
    path.write_bytes(data if when == "named" else data[:9000])
    if when == "half":
        os.kill(os.getpid(), signal.SIGKILL)

with store.staging() as folder:
    store.shared.place(folder / "model.safetensors", sha256(Path(source)), write)
    publish = store._files.publish
    def publish_or_die(name, data):
        if name.startswith("encoders"):
            os.kill(os.getpid(), signal.SIGKILL)
        publish(name, data)
    store._files.publish = publish_or_die
    store.put_encoder("k", folder, {})
"""


@pytest.mark.parametrize("when", ["half", "named"])
def test_a_writer_that_dies_leaves_no_half_and_what_is_whole_is_used(
    store: Store, url: str, raw: Raw, tmp_path: Path, when: str
) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(20_000))
    arguments = [url, source, tmp_path / "cache of another", when]
    killed = subprocess.run([sys.executable, "-c", DIE, *map(str, arguments)], cwd=ROOT, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert [raw.read(name) for name in shards(raw)] == [source.read_bytes()] * (when == "named")
    with store.staging() as folder:
        store.shared.place(folder / EMBEDDING, sha256(source), lambda path: path.write_bytes(source.read_bytes()))
        store.put_encoder("k", folder, {})
    assert (folder_of(store, "k") / EMBEDDING).read_bytes() == source.read_bytes()
    assert len(shards(raw)) == 1
    for orphan in store.orphans(older_than=-60):
        store.remove_orphan(orphan)
    assert folder_of(Store(url, tmp_path / "third"), "k")


def test_what_is_not_what_was_promised_is_not_shared(tmp_path: Path) -> None:
    """As of a library that writes its files otherwise than is known here."""
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    with store.staging() as folder:
        store.shared.place(folder / EMBEDDING, "0" * 64, lambda path: path.write_bytes(b"other"))
        store.put_encoder("k", folder, {})
    assert (folder_of(store, "k") / EMBEDDING).read_bytes() == b"other"
    assert store.shared_sizes(["k"]) == {}


# --- damage


def test_a_damaged_embedding_damages_all_that_name_it_and_is_replaced(
    store: Store, raw: Raw, base: PreTrainedModel, tmp_path: Path
) -> None:
    for key, seed in (("one", 1), ("two", 2)):
        put(store, key, trained(base, seed), base)
    (shard,) = shards(raw)
    whole = raw.read(shard)
    raw.write(shard, whole[:-1] + bytes([whole[-1] ^ 1]))
    found = Store(store.url, tmp_path / "another machine")
    for key in ("one", "two"):
        assert found.encoder(key) is None
        assert f"encoders/{key}: {EMBEDDING}" in said(found)
    put(found, "one", trained(base, 1), base)
    assert raw.read(shard) == whole
    later = Store(store.url, tmp_path / "third machine")
    assert_loads(folder_of(later, "one"), trained(base, 1))
    put(later, "two", trained(base, 2), base)
    assert_loads(folder_of(later, "two"), trained(base, 2))
    assert len(shards(raw)) == 1


# --- retention


def test_what_is_shared_goes_when_nobody_names_it(store: Store, raw: Raw, base: PreTrainedModel) -> None:
    for key, seed in (("one", 1), ("two", 2)):
        put(store, key, trained(base, seed), base)
    (size,) = store.shared_sizes(["one"]).values()
    store.remove("one")
    assert store.orphans(older_than=-60) == []
    assert_loads(folder_of(store, "two"), trained(base, 2))
    store.remove("two")
    assert store.orphans(older_than=3600) == []  # somebody may be about to name it
    (orphan,) = store.orphans(older_than=-60)
    assert size <= orphan.bytes < size + 100
    time.sleep(0 if store.is_local else 1.1)  # S3 tells times in whole seconds
    put(store, "three", trained(base, 3), base)
    store.remove_orphan(orphan)  # that was found before
    assert_loads(folder_of(store, "three"), trained(base, 3))
    assert len(shards(raw)) == 1
    store.remove("three")
    for orphan in store.orphans(older_than=-60):
        store.remove_orphan(orphan)
    assert raw.names() == []


def test_a_cache_keeps_what_is_in_use(s3: str, base: PreTrainedModel, tmp_path: Path) -> None:
    store = Store(s3, tmp_path / "cache")
    put(store, "k", trained(base, 1), base)
    (copy_here,) = (tmp_path / "cache/shared").rglob("*.safetensors")
    shared = SharedFiles(Files(s3), tmp_path / "cache")
    shared.forget_unused(-60)
    assert copy_here.exists()
    store.remove("k")
    shared.forget_unused(3600)
    assert copy_here.exists()
    shared.forget_unused(-60)
    assert not copy_here.exists()
