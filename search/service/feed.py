"""What happens to a search, for those who look on: one look a second, however many they are."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

from search.answers.answer import Answer
from search.answers.items import WorkItemEntry
from search.answers.service import EventName, LogPart, Progress
from search.answers.status import SearchStatus
from search.results.items import list_work_items
from search.service.launching.launch_log import LOG_FILE, log_of
from search.service.readers import Searches, Stamp
from search.studies.live import LiveFacts
from spaces.errors import TaskmixError

LOOK_SECONDS = 1.0

log = logging.getLogger("taskmix.service")


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Args:
        id: with which a stream goes on after it.
    """

    name: EventName
    data: Answer
    id: str


@dataclass(frozen=True)
class Cursor:
    """How far somebody has read: as text the id of an event, good for any service of these searches.

    Args:
        finished: how many work items that ended were told of.
        log: the byte of the log at which to go on.
        status: what the last status looked like.
    """

    finished: int
    log: int
    status: str

    def __str__(self) -> str:
        return f"{self.finished}-{self.log}-{self.status}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """None where it is none of ours."""
        parts = text.split("-")
        if len(parts) != 3 or not all(part.isdecimal() and len(part) < 16 for part in parts[:2]):
            return None
        return cls(int(parts[0]), int(parts[1]), parts[2][:16])


@dataclass(frozen=True)
class Scene:
    """A search at a moment."""

    stamp: Stamp
    live: LiveFacts | None
    status: SearchStatus
    finished: tuple[WorkItemEntry, ...]
    log_size: int

    @property
    def digest(self) -> str:
        """Of what does not change all the time."""
        status = self.status.to_json()
        status["seconds"].pop("left", None)
        for item in status["running"]:
            for name in ("phase", "done", "node"):
                item.pop(name, None)
        return hashlib.sha256(json.dumps(status).encode()).hexdigest()[:16]

    @property
    def progress(self) -> Progress:
        """What changes all the time."""
        return Progress(left=self.status.seconds.left, running=self.status.running)


class Feed:
    """One search, looked at as long as somebody reads."""

    def __init__(self, searches: Searches, name: str) -> None:
        self._searches, self.name = searches, name
        self._changed = asyncio.Condition()
        self._scene: Scene | None = None
        self._problem = ""
        self._task: asyncio.Task[None] | None = None
        self._is_over = False
        self.readers = 0

    async def events(self, last: str) -> AsyncGenerator[Event | None]:
        """What happens from now on, or after the event whose id is `last`; None from time to time if nothing does."""
        self.readers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        try:
            cursor, progress, seen = Cursor.parse(last), None, None
            while True:
                scene = await self._next(seen)
                if self._is_over:
                    return
                if scene is None:
                    yield None
                    continue
                seen = scene
                if cursor is None:
                    cursor = Cursor(len(scene.finished), scene.log_size, "")
                for item in scene.finished[cursor.finished :]:
                    cursor = Cursor(cursor.finished + 1, cursor.log, cursor.status)
                    yield Event("finished", item, str(cursor))
                if scene.digest != cursor.status:
                    cursor = Cursor(cursor.finished, cursor.log, scene.digest)
                    yield Event("status", scene.status, str(cursor))
                if scene.progress != progress:
                    progress = scene.progress
                    yield Event("progress", progress, str(cursor))
                if scene.log_size < cursor.log:  # another log
                    cursor = Cursor(cursor.finished, 0, cursor.status)
                while scene.log_size > cursor.log:
                    text, end = await asyncio.to_thread(self._log, cursor.log)
                    if end <= cursor.log:
                        break
                    cursor = Cursor(cursor.finished, end, cursor.status)
                    yield Event("log", LogPart(text=text, end=end), str(cursor))
        finally:
            self.readers -= 1
            if not self.readers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def close(self) -> None:
        """Ends all streams."""
        async with self._changed:
            self._is_over = True
            self._changed.notify_all()

    async def _next(self, seen: Scene | None) -> Scene | None:
        """The scene when it is another than the one that was seen; None after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(15), self._changed:
                await self._changed.wait_for(
                    lambda: self._is_over or (self._scene is not None and self._scene is not seen)
                )
                return self._scene
        return None

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                scene = await asyncio.to_thread(self._take)
                if scene is not self._scene:
                    async with self._changed:
                        self._scene = scene
                        self._changed.notify_all()
            except TaskmixError as error:  # away, or still being read: it is asked again
                log.debug("%s: %s", self.name, error)
            except Exception:
                log.exception("%s cannot be watched", self.name)
            await asyncio.sleep(max(LOOK_SECONDS, 5 * (loop.time() - began)))

    def _take(self) -> Scene:
        """The scene now; the same one as before if nothing happened."""
        workspace = self._searches.find(self.name)
        holder, live = self._searches.observe(workspace)
        file = workspace.folder / LOG_FILE
        size = file.stat().st_size if file.exists() else 0
        stamp = (self._searches.stamp(self.name), holder.id if holder else None)
        old = self._scene
        if old is not None and (old.stamp, old.live, old.log_size) == (stamp, live, size):
            return old
        opened = self._searches.open(self.name)
        items = list_work_items(opened.studies, holder is not None, ("done", "failed"), limit=1 << 30).work_items
        ended = sorted(items, key=lambda item: (item.finished or "", item.number))
        return Scene(stamp, live, self._searches.status(self.name), tuple(ended), size)

    def _log(self, after: int) -> tuple[str, int]:
        return log_of(self._searches.find(self.name), after)


class Feeds:
    """Feeds by search. Used from the event loop alone.

    Args:
        limit: how many may read at once.
    """

    def __init__(self, searches: Searches, limit: int) -> None:
        self._searches, self._limit = searches, limit
        self._feeds: dict[str, Feed] = {}

    @property
    def readers(self) -> int:
        """How many read now."""
        return sum(feed.readers for feed in self._feeds.values())

    @property
    def is_full(self) -> bool:
        """Whether nobody more may read."""
        return self.readers >= self._limit

    async def close(self) -> None:
        """Ends all streams; their readers ask again later."""
        for feed in self._feeds.values():
            await feed.close()

    def of(self, name: str) -> Feed:
        """The feed of a search that exists."""
        self._feeds = {other: feed for other, feed in self._feeds.items() if feed.readers or other == name}
        return self._feeds.setdefault(name, Feed(self._searches, name))
