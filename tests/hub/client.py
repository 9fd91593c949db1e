"""Leads the real client to a stand-in: by the environment of another program, or in this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

AWAY = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
"""Variables of the user that would change what a test sees, beside those that are set."""

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def settings(url: str, home: Path) -> dict[str, str]:
    """Variables that lead the client to `url`, with `home` as its cache."""
    return {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_DATASETS_CACHE": str(home / "datasets"),
        "HF_XET_CACHE": str(home / "xet"),
        "HF_TOKEN_PATH": str(home / "token"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def environment(url: str, home: Path, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`base` with these, and without what the user has set of the kind."""
    away = {*AWAY, *PROXIES, *(name.lower() for name in PROXIES)}
    return {**{name: value for name, value in base.items() if name not in away}, **settings(url, home)}


def point(monkeypatch: pytest.MonkeyPatch, url: str, home: Path) -> None:
    """Lead this process there: the client has read its environment when it was imported.

    Everything that holds the endpoint or the cache in huggingface_hub 2.4.0 is set; the rest reads `constants` when it
    is called. The connections that there are belong to the hub of another test and are closed.
    """
    import huggingface_hub
    from huggingface_hub import constants, hf_api
    from huggingface_hub.utils import _cache_manager, _http

    for name in (*AWAY, *PROXIES, *(name.lower() for name in PROXIES)):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings(url, home).items():
        monkeypatch.setenv(name, value)
    cache = str(home / "hub")
    for name, value in {
        "ENDPOINT": url,
        "HUGGINGFACE_CO_URL_TEMPLATE": url + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HOME": str(home),
        "HF_HUB_CACHE": cache,
        "HF_XET_CACHE": str(home / "xet"),
        "HF_TOKEN_PATH": str(home / "token"),
        "HF_STORED_TOKENS_PATH": str(home / "stored_tokens"),
        "AGENT_HARNESSES_PATH": str(home / ".agent_harnesses.json"),
    }.items():
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_URL_HOSTS", constants.HF_URL_HOSTS | {"127.0.0.1"})
    monkeypatch.setattr(_http, "_HUB_ORIGINS", _http._HUB_ORIGINS | {_http._url_origin(url)})
    monkeypatch.setattr(_cache_manager, "HF_HUB_CACHE", cache)
    monkeypatch.setattr(hf_api.api, "endpoint", url)
    if "datasets.config" in sys.modules:
        monkeypatch.setattr("datasets.config.HF_ENDPOINT", url)
        monkeypatch.setattr("datasets.config.HUB_DATASETS_URL", url + "/datasets/{repo_id}/resolve/{revision}/{path}")
    if "transformers.utils.hub" in sys.modules:
        monkeypatch.setattr("transformers.utils.hub._hf_api", None)
    huggingface_hub.close_session()


def hurry(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The client does not wait before it tries again; how long it would have, in seconds."""
    from huggingface_hub.utils import _http

    waits: list[float] = []
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=waits.append))
    return waits
