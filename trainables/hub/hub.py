"""The hub as a search sees it: each name resolved to a commit once, each file fetched once, checked, and kept.

Files lie where all clients of the hub keep them, under `$HF_HOME/hub`; `huggingface_hub` fetches them. What is asked
for by commit and lies there is found without asking anyone.
"""

from __future__ import annotations

import glob
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from filelock import FileLock
from huggingface_hub import (
    HfApi,
    RepoFile,
    constants,
    get_cached_repo_tree,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
)

from spaces.errors import Failure, InputError, Problem, TaskmixError
from spaces.repository import COMMIT, Repository
from trainables.hub.errors import cause_of, explain, is_transient, wait_for
from trainables.hub.quiet import quiet
from trainables.store.file_digest import file_digest
from trainables.work.preparation import Say

Answer = TypeVar("Answer")

FIRST_CONTACT = 5.0
"""Seconds after which a hub that never answered is taken for out of reach."""

PATIENCE = 360.0
"""Seconds for which a hub that answered before is asked again: longer than a window of its rate limits, 300."""

TOLD_AFTER = 5.0
"""Seconds of waiting that a person should hear of."""

AT_ONCE = 8
"""Requests at a time."""

SHA256_DIGITS = 64
"""A file in LFS lies under its SHA-256; others lie under git's SHA-1."""


class Hub:
    """Asks the hub for a process. Safe to use from several threads.

    Args:
        cache: folder for the digests of files that were checked.
        commits: `str(Repository)` -> commit, where it is settled; the others are asked for, once.
        say: told what takes long, and what is taken from the cache because the hub is out of reach.

    Attributes:
        gated: repositories that only those may read whom their owners let in, of those that were asked for.
    """

    def __init__(self, cache: Path, commits: Mapping[str, str] | None = None, say: Say = lambda line: None) -> None:
        self.cache = cache
        self.say = say
        self._commits = dict(commits or {})
        self._mistakes: dict[str, Sequence[Problem]] = {}
        self._trees: dict[tuple[Repository, str], Mapping[str, RepoFile]] = {}
        self.gated: set[Repository] = set()
        self._answered = False
        self._away: TaskmixError | None = None
        self._lock = threading.RLock()

    @property
    def is_away(self) -> bool:
        """Whether only the cache is looked at: the hub is out of reach, or HF_HUB_OFFLINE is set."""
        return self._away is not None or constants.is_offline_mode()

    def commit(self, repository: Repository) -> str:
        """The commit that the repository's revision stands for, the same for as long as this object lives.

        Raises:
            InputError: there is no such repository or revision, or it may not be read.
            Failure: the hub is out of reach, and nothing of it is in the cache.
        """
        if repository.revision is not None and COMMIT.fullmatch(repository.revision):
            return repository.revision
        name = str(repository)
        if name in self._mistakes:
            raise InputError(self._mistakes[name])
        if name not in self._commits:
            try:
                self._commits.setdefault(name, self._resolve(repository))
            except InputError as mistake:
                self._mistakes[name] = mistake.problems
                raise
        return self._commits[name]

    def settle(self, repositories: Iterable[Repository]) -> dict[str, str]:
        """`commit` of many, some at a time; as `Plan.commits`. Raises as `commit`, with all problems at once."""
        wanted = sorted(set(repositories))
        return {str(one): commit for one, commit in zip(wanted, self.each(self.commit, wanted), strict=True)}

    def each(self, ask: Callable[[Any], Answer], wanted: Sequence[Any]) -> list[Answer]:
        """`ask(one)` of all, some at a time; the first alone, which tells whether there is a hub at all.

        Raises:
            TaskmixError: of the worst kind that one of them raised, with the problems of all.
        """
        errors: list[TaskmixError] = []

        def attempt(one: Any) -> Answer | None:
            try:
                return ask(one)
            except TaskmixError as error:
                errors.append(error)
                return None

        first = [attempt(one) for one in wanted[:1]]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = [*first, *pool.map(attempt, wanted[1:])]
        if errors:
            problems = [problem for error in errors for problem in error.problems]
            if self.is_away:
                raise Failure(self._out_of_reach(", ".join(dict.fromkeys(problem.where for problem in problems))))
            kind = next((type(error) for error in errors if isinstance(error, Failure)), type(errors[0]))
            raise kind(list(dict.fromkeys(problems)))
        return [answer for answer in answers if answer is not None]

    def files(self, repository: Repository) -> Mapping[str, RepoFile]:
        """The files of the repository's commit by path, with their sizes and git's ids; raises as `commit`."""
        commit = self.commit(repository)
        if (repository, commit) not in self._trees:
            self._trees[repository, commit] = self._tree(repository, commit)
        return self._trees[repository, commit]

    def missing(self, repository: Repository, paths: Iterable[str]) -> list[str]:
        """Those of `paths` that are not in the cache."""
        return [path for path in paths if self._cached(repository, path) is None]

    def fetch(self, repository: Repository, paths: Sequence[str]) -> list[Path]:
        """The files of the repository's commit, fetched where they are not in the cache, and whole.

        Raises:
            InputError: they may not be read.
            Failure: the hub is out of reach, the cache cannot be written, or what comes is damaged.
        """
        self._download(repository, self.missing(repository, paths))
        damaged = [path for path in paths if not self._is_whole(repository, path)]
        if damaged:
            self.say(f"{repository.id}: not whole, fetched again: {', '.join(damaged)}")
            for path in damaged:
                file = self._cached(repository, path)
                if file is not None:
                    file.resolve().unlink(missing_ok=True)
                    file.unlink(missing_ok=True)
            self._download(repository, damaged)
            for path in damaged:
                if not self._is_whole(repository, path):
                    what = "is not what the hub names" if self._cached(repository, path) else "does not come"
                    found = f"{path} at {self.commit(repository)}"
                    raise Failure(Problem(f"a file of the hub {what}", repository.id, found, "try again later"))
        return [file for path in paths if (file := self._cached(repository, path)) is not None]

    def has_moved(self, repository: Repository) -> str | None:
        """The commit that the revision stands for by now, if it is another one; None as well where nobody can say."""
        with quiet():
            try:
                now = _StrictApi().resolve_revision(
                    repository.id, repo_type=repository.type, revision=repository.revision
                )
            except Exception:  # it is news, not needed for anything
                return None
        return now.resolved if now.resolved != self.commit(repository) else None

    # --- asking

    def _resolve(self, repository: Repository) -> str:
        """The commit of a revision, from the hub; where that is out of reach, the one that the cache had last."""

        def ask(local: bool) -> str:
            api = _StrictApi()
            found = api.resolve_revision(
                repository.id, repo_type=repository.type, revision=repository.revision, local_files_only=local
            )
            if api.is_gated:
                self.gated.add(repository)
            return str(found.resolved)

        if not self.is_away:
            try:
                return self._ask(repository, lambda: ask(local=False))
            except Failure as failure:
                self._lose(failure)
                if not self.is_away:
                    raise
        try:
            return ask(local=True)
        except Exception as error:
            raise self._not_here(repository, [f"commit of {repository.revision or 'main'}"]) from error

    def _tree(self, repository: Repository, commit: str) -> Mapping[str, RepoFile]:
        """The list of files, which the client keeps with what was fetched; an unchanging one, so asked for once."""

        def cached() -> Mapping[str, RepoFile] | None:
            try:
                files = get_cached_repo_tree(repository.id, repo_type=repository.type, revision=commit)
            except CachedRepoTreeNotFoundError:
                return None
            return {file.path: file for file in files}

        tree = cached()
        if tree is None:
            self._download(repository, ["README.md"])  # the client writes the list beside it
            tree = cached()
        if tree is None:
            raise Failure(Problem("the list of files cannot be kept", str(constants.HF_HUB_CACHE), repository.id))
        return tree

    def _download(self, repository: Repository, paths: Sequence[str]) -> None:
        """Fetch files into the client's cache, one process of this machine after the other."""
        if not paths:
            return
        commit = self.commit(repository)

        def ask() -> None:
            snapshot_download(
                repository.id,
                repo_type=repository.type,
                revision=commit,
                allow_patterns=[glob.escape(path) for path in paths],
                max_workers=AT_ONCE,
            )

        if self.is_away:
            raise self._not_here(repository, paths)
        lock = self.cache / "hub" / f".{commit}.lock"
        try:
            with _writing(lock.parent):
                lock.parent.mkdir(parents=True, exist_ok=True)
            if not self._answered:  # the client's own tries would take half a minute for each file
                of_type = {"repo_type": repository.type, "revision": commit}
                self._ask(repository, lambda: _StrictApi().repo_info(repository.id, **of_type))
            with FileLock(lock):
                self._ask(repository, ask)
        except Failure as failure:
            self._lose(failure)
            raise self._not_here(repository, paths) if self.is_away else failure from failure

    def _ask(self, repository: Repository, call: Callable[[], Answer]) -> Answer:
        """Call, and again while what fails may pass: a dropped connection, a limit, a server's error.

        Raises:
            InputError, Failure: as `explain`; never anything else.
        """
        began, attempt, told = time.monotonic(), 0, 0.0
        while True:
            try:
                with quiet():
                    answer = call()
            except Exception as error:
                cause = cause_of(error)
                spent = time.monotonic() - began
                asked_to_wait = wait_for(cause)
                self._answered |= asked_to_wait is not None
                pause = asked_to_wait or min(30.0, 0.5 * 2**attempt)
                if not is_transient(cause) or spent + pause > (PATIENCE if self._answered else FIRST_CONTACT):
                    raise explain(cause, repository) from cause
                if spent + pause - told > TOLD_AFTER:
                    told = spent + pause
                    reason = " ".join(str(cause).split())[:120] or type(cause).__name__
                    self.say(f"the hub does not give {repository.id} ({reason}); asked again in {pause:.0f} s")
                time.sleep(pause)
                attempt += 1
            else:
                self._answered = True
                return answer

    def _lose(self, failure: Failure) -> None:
        """From now on only the cache is looked at, if the hub never answered."""
        with self._lock:
            if not self._answered and self._away is None and not constants.is_offline_mode():
                self._away = failure
                self.say(f"{failure.problems[0].what}: what is in {constants.HF_HUB_CACHE} is taken as it is")

    def _not_here(self, repository: Repository, paths: Sequence[str]) -> Failure:
        """What is wrong where a file would have to be fetched and the hub is out of reach."""
        several = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        problem = self._out_of_reach(f"{repository.name}: {', '.join(paths[:3])}{several}")
        return Failure(Problem(problem.what, repository.name, problem.found, problem.fix))

    def _out_of_reach(self, missing: str) -> Problem:
        reason = self._away.problems[0] if self._away is not None else None
        what = reason.what if reason else "the hub is not asked, because HF_HUB_OFFLINE is set"
        fix = [reason.fix if reason else "unset it", "or fetch what is missing with a network: taskmix download FILE"]
        found = f"not there: {missing}"
        return Problem(what, str(constants.HF_HUB_CACHE), found, "; ".join(part for part in fix if part))

    # --- the client's cache

    def _cached(self, repository: Repository, path: str) -> Path | None:
        commit = self.commit(repository)
        found = try_to_load_from_cache(repository.id, path, repo_type=repository.type, revision=commit)
        return Path(found) if isinstance(found, str) else None

    def _is_whole(self, repository: Repository, path: str) -> bool:
        """Whether a cached file is what the hub has, as far as the hub says what that is (of files in LFS)."""
        file = self._cached(repository, path)
        if file is None:
            return False
        blob = file.resolve()
        return len(blob.name) != SHA256_DIGITS or file_digest(blob, self.cache) == blob.name


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fix = "free some space there, or set another cache folder"
        raise Failure(Problem("the cache cannot be written", str(folder), str(error), fix)) from error


class _StrictError(Exception):
    """What `_StrictApi` raises; it comes from the client's own error."""


class _StrictApi(HfApi):
    """Does not take what it was told last for an answer where the hub gives none: that is for `Hub` to decide.

    Attributes:
        is_gated: what the last answer said.
    """

    is_gated = False

    def repo_info(self, *args: Any, **kwargs: Any) -> Any:
        try:
            info = super().repo_info(*args, timeout=FIRST_CONTACT, **kwargs)
        except (httpx2.HTTPError, HfHubHTTPError, OfflineModeIsEnabled) as error:
            raise _StrictError from error
        self.is_gated = bool(getattr(info, "gated", False))
        return info
