"""What errors of the hub's client mean to a person, and which of them may pass."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from traceback import walk_tb
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import constants, get_token
from huggingface_hub.errors import (
    DisabledRepoError,
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

from spaces.errors import Failure, InputError, Problem, TaskmixError
from spaces.repository import Repository

DISK = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read-only",
    errno.EACCES: "not writable",
    errno.EPERM: "not writable",
    errno.ENOTDIR: "no folder",
    errno.EEXIST: "no folder",
}
"""Error of the system -> what is the matter with the client's cache."""

UNREACHED = "the hub cannot be reached"
"""And why, in brackets."""


def explain(error: Exception, repository: Repository) -> TaskmixError:
    """What an error of `huggingface_hub` means: InputError for what the user can mend in a file or a command."""
    cause = cause_of(error)
    if isinstance(cause, HfHubHTTPError):
        return _refused(cause, repository)
    if isinstance(cause, OSError) and (state := DISK.get(cause.errno or 0) or _state_of(cause)):
        return _unwritable(cause, state)
    if isinstance(cause, OfflineModeIsEnabled) or constants.is_offline_mode():
        found = "it is not in the cache, or not all of it"
        fix = "unset HF_HUB_OFFLINE, or fetch it where there is a network: taskmix download FILE"
        what = "the hub is not asked, because HF_HUB_OFFLINE is set"
        return Failure(Problem(what, repository.name, found, fix))
    if isinstance(cause, HFValidationError):
        return InputError(Problem("no id of the hub", repository.name, _line(cause), "an id is written OWNER/NAME"))
    if _is_of_xet(cause):
        return _without_xet(cause, repository)
    if isinstance(cause, FileMetadataError | ValueError):
        fix = f"log in to the network if it asks for that; else mend the proxy or HF_ENDPOINT ({constants.ENDPOINT})"
        return Failure(
            Problem(f"{UNREACHED} (something else answers in its place)", repository.name, _line(cause), fix)
        )
    if isinstance(cause, httpx2.RequestError):
        return _unreached(cause, repository)
    return Failure(Problem("cannot be had from the hub", repository.name, f"{type(cause).__name__}: {_line(cause)}"))


def is_transient(error: Exception) -> bool:
    """Whether the same request may go well when it is made again."""
    cause = cause_of(error)
    if isinstance(cause, HfHubHTTPError):
        status = cause.response.status_code
        return status in (408, 429) or (status >= 500 and status != 501)
    if isinstance(cause, OfflineModeIsEnabled | HFValidationError | httpx2.UnsupportedProtocol):
        return False
    if isinstance(cause, httpx2.RequestError):
        refuses = isinstance(cause, httpx2.ProxyError) and "407" in str(cause)
        return not refuses and not any(isinstance(part, ssl.SSLCertVerificationError) for part in _chain(cause))
    if isinstance(cause, OSError) and "Consistency check failed" in str(cause):  # the client's, of a file cut short
        return True
    return isinstance(cause, FileMetadataError | ValueError)  # what stands between answered in the hub's place


def wait_for(error: Exception) -> float | None:
    """Seconds after which the hub wants to be asked again; None where it does not say."""
    cause = cause_of(error)
    if not isinstance(cause, HfHubHTTPError):
        return None
    headers = cause.response.headers
    limit = parse_ratelimit_headers(headers)
    if cause.response.status_code == 429 and limit is not None and limit.remaining == 0:
        return limit.reset_in_seconds + 1.0  # it counts whole seconds
    said = (headers.get("Retry-After") or "").strip()
    if said.isdigit():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time()) if said else None
    except ValueError:
        return None


# --- what lies below


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from, the first cause last."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        yield at
        seen.add(id(at))
        at = at.__cause__ or at.__context__


def cause_of(error: Exception) -> Exception:
    """What the client met, below its own "cannot be found in the cache either"."""
    met = (HfHubHTTPError, httpx2.RequestError, OfflineModeIsEnabled, FileMetadataError, HFValidationError)
    return next((part for part in _chain(error) if isinstance(part, met)), error)


def _line(error: BaseException) -> str:
    """Its words in a line."""
    return " ".join(str(error).split())[:300] or type(error).__name__


# --- the hub answers


def _refused(error: HfHubHTTPError, repository: Repository) -> TaskmixError:
    """The hub, or what stands before it, gave an answer that is a refusal."""
    status, said = error.response.status_code, " ".join((error.server_message or "").split())
    has_token = "authorization" in error.response.request.headers
    noun = "data set" if repository.type == "dataset" else "model"
    key = "source.hub" if repository.type == "dataset" else "model"
    page = f"{constants.ENDPOINT}/{'datasets/' if repository.type == 'dataset' else ''}{repository.id}"
    if isinstance(error, GatedRepoError):
        ask = f"ask for access at {page}"
        fix = f"{ask}, with the account of the token" if has_token else f"{ask}, then `hf auth login`, or set HF_TOKEN"
        return InputError(Problem(f"the {noun} is gated", repository.name, said or _line(error), fix))
    if isinstance(error, RevisionNotFoundError):
        where = f"{repository.id}: {'source.revision' if repository.type == 'dataset' else 'model'}"
        found, fix = str(repository.revision or "main"), f"a branch, tag or commit of {page}/commits/main"
        return InputError(Problem("no such revision on the hub", where, found, fix))
    if status == 401 and has_token and not error.response.headers.get("X-Error-Code"):
        fix = (
            "set HF_TOKEN to one that is valid" if os.environ.get("HF_TOKEN") else "get a new one with `hf auth login`"
        )
        found = f"{_token_place()}: {said or _line(error)}"
        return InputError(Problem("the hub does not take the token", repository.name, found, fix))
    if isinstance(error, DisabledRepoError):
        return Failure(Problem(f"the {noun} was disabled on the hub", repository.name, said, f"see {page}"))
    if isinstance(error, RepositoryNotFoundError):
        login = "the token's account needs access to it" if has_token else "`hf auth login`, or set HF_TOKEN"
        fix = f"mend the id in `{key}`; if the {noun} is private: {login}"
        return InputError(Problem(f"no such {noun} on the hub, or a private one", repository.name, said, fix))
    if isinstance(error, RemoteEntryNotFoundError):
        return Failure(Problem("no such file on the hub", repository.name, _line(error), f"see {page}/tree/main"))
    if "/xet-read-token/" in str(error.response.request.url):
        return _without_xet(error, repository)
    if status == 407:
        return _of_proxy(
            repository, str(error.response.request.url), f"it answers 407: {said or 'authentication required'}"
        )
    if status == 403 and has_token:
        fix = f"give it the right to read {page}, at {constants.ENDPOINT}/settings/tokens"
        return InputError(Problem("the token does not allow this", repository.name, said or _line(error), fix))
    if status == 429:
        seconds = wait_for(error)
        again = f"wait for {seconds:.0f} s" if seconds is not None else "wait some minutes"
        fix = again if has_token else f"{again}; with a token (`hf auth login`, HF_TOKEN) the limits are higher"
        return Failure(Problem("too many requests for the hub's limits", repository.name, said or _line(error), fix))
    if status >= 500:
        return Failure(Problem(f"the hub answers {status}", repository.name, said or _line(error), "try again later"))
    return Failure(Problem(f"the hub answers {status}", repository.name, said or _line(error)))


def _token_place() -> str:
    """Where the client has its token from."""
    variable = next((name for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") if os.environ.get(name)), None)
    return variable or (constants.HF_TOKEN_PATH if get_token() else "a token")


def _is_of_xet(error: BaseException) -> bool:
    """Whether it was raised while a file was fetched from Xet, whose errors are of no class of their own."""
    return any(frame.f_code.co_name == "xet_get" for frame, _ in walk_tb(error.__traceback__))


def _without_xet(error: Exception, repository: Repository) -> Failure:
    what = "the hub's storage for large files (Xet) cannot be reached from here"
    fix = "set HF_HUB_DISABLE_XET=1: then they come by HTTPS"
    return Failure(Problem(what, repository.name, _line(error), fix))


# --- nobody answers


def _unreached(error: httpx2.RequestError, repository: Repository) -> TaskmixError:
    """No answer came: which part of the way is broken."""
    url = str(error.request.url) if error._request is not None else constants.ENDPOINT
    host, port = urlsplit(url).hostname or url, urlsplit(url).port
    root = list(_chain(error))[-1]
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError) and _proxy_of(url):
        return _of_proxy(repository, url, _line(error))
    fix = "check the network"
    if isinstance(root, socket.gaierror):
        what = f"no such name: {host}"
    elif isinstance(root, ssl.SSLCertVerificationError):
        what = f"the certificate of {host} is not trusted"
        fix = "where a proxy of yours signs it, set SSL_CERT_FILE to a bundle with its certificate"
    elif isinstance(root, ConnectionRefusedError):
        what = f"the port of {host}{f':{port}' if port else ''} is closed"
    elif isinstance(error, httpx2.TimeoutException):
        what = f"{host} does not answer in time"
    elif isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError | httpx2.WriteError):
        what, fix = f"{host} closes the connection", "try again, or check the network"
    else:
        what = f"no connection to {host}"
    if constants.ENDPOINT != constants._HF_DEFAULT_ENDPOINT:
        fix = f"check HF_ENDPOINT ({constants.ENDPOINT}); {fix}"
    return Failure(Problem(f"{UNREACHED} ({what})", repository.name, _line(root), fix))


def _proxy_of(url: str) -> tuple[str, str] | None:
    """The variable that leads to a proxy, and the proxy without user and password; None where none is used."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    kind = next((name for name in (parts.scheme, "all") if proxies.get(name)), None)
    if kind is None:
        return None
    variable = next((name for name in os.environ if name.lower() == f"{kind}_proxy"), f"{kind}_proxy".upper())
    scheme, separator, rest = proxies[kind].rpartition("://")
    return variable, f"{scheme}{separator}{rest.rpartition('@')[2]}"


def _of_proxy(repository: Repository, url: str, reason: str) -> Failure:
    variable, proxy = _proxy_of(url) or ("HTTPS_PROXY", "a proxy")
    host = urlsplit(url).hostname
    fix = f"mend {variable}, or unset it; NO_PROXY={host} where the hub is reached without a proxy"
    return Failure(Problem(f"{UNREACHED} (the proxy lets nothing through)", variable, f"{proxy}: {reason}", fix))


# --- nothing can be written


def _state_of(error: OSError) -> str | None:
    """What is the matter with the disk where only the text says so, as of errors from Xet's client."""
    return "full" if "No space left on device" in str(error) else None


def _unwritable(error: OSError, state: str) -> Failure:
    """The cache that all clients of the hub share, not ours."""
    variable = "HF_HUB_CACHE" if os.environ.get("HF_HUB_CACHE") else "HF_HOME"
    folder = Path(constants.HF_HUB_CACHE if variable == "HF_HUB_CACHE" else constants.HF_HOME)
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    free = f"{shutil.disk_usage(there).free / 1e9:.1f} GB free"
    place = str(error.filename or folder)
    mend = {"full": "free some space there", "no folder": "remove the file that is in the way"}
    fix = f"{mend.get(state, 'make it writable')}, or set {variable} to a folder on another disk"
    found = f"{error.strerror or _line(error)}: {place}; {free}"
    return Failure(Problem(f"the hub's cache is {state}", f"{variable}: {folder}", found, fix))
