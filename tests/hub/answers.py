"""What the hub answers: repositories, lists of files, files, and why not."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.hub import xet
from tests.hub.repositories import Blob, Kind, Repository, folders_of

PAGE, EXPANDED_PAGE = 1000, 50
"""Entries of a list of files that are given at once."""

DATE = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Request:
    """What a client asks, and with which token."""

    method: str
    target: str
    host: str
    token: str | None
    body: bytes = b""
    content_type: str = ""

    @property
    def raw_path(self) -> str:
        """The path with what is quoted in it: a revision may hold a slash."""
        return urlsplit(self.target).path

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body; `is_content`: the body is that of a file."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_content: bool = False


def json_of(what: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(what).encode(), {"Content-Type": "application/json", **(headers or {})})


def refusal(status: int, code: str | None, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """As the hub refuses: its own code and words stand in headers."""
    said = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {}), **(headers or {})}
    return json_of({"error": message}, status, {name: value for name, value in said.items() if value})


@dataclass
class Answers:
    """Repositories, and what is answered about them.

    Args:
        repositories: by kind and id.
        renamed: kind and old id -> new id.
        tokens: those that are known; None is any.
        cdn: URL of the host that has the content of LFS.
        has_xet: files in LFS lie in Xet, as most of the real hub's.
    """

    repositories: dict[tuple[Kind, str], Repository] = field(default_factory=dict)
    renamed: dict[tuple[Kind, str], str] = field(default_factory=dict)
    tokens: set[str] | None = None
    cdn: str = ""
    has_xet: bool = False

    def answer(self, request: Request) -> Answer:
        """To any request but those for the content of LFS."""
        if request.token is not None and self.tokens is not None and request.token not in self.tokens:
            return refusal(401, None, "Invalid credentials in Authorization header")
        if request.path == "/api/whoami-v2":
            known = {"type": "user", "name": "tester", "id": "1", "auth": {"type": "access_token"}}
            return json_of(known) if request.token else refusal(401, None, "Invalid username or password.")
        if match := re.fullmatch(r"/api/(models|datasets)/(.+)", request.raw_path):
            return self._about(request, "model" if match[1] == "models" else "dataset", match[2])
        if match := re.fullmatch(r"/(datasets/)?(.+?)/resolve/([^/]+)/(.+)", request.raw_path):
            kind: Kind = "dataset" if match[1] else "model"
            return self._file(request, kind, match[2], unquote(match[3]), unquote(match[4]))
        return Answer(200, b"stand-in") if request.path == "/" else refusal(404, None, "Not found")

    def content(self, request: Request) -> Answer:
        """Of a file in LFS, by its digest; or of what Xet has of it."""
        if request.path == xet.TELEMETRY:
            return Answer(200)
        folder, _, digest = request.path.rpartition("/")
        blob = self._large(digest)
        if blob is None:
            return Answer(404)
        if folder == xet.PLANS:
            return json_of(xet.plan_of(digest, blob.content, f"{self.cdn}{xet.BLOCKS}/{digest}"))
        content = xet.packed(blob.content) if folder == xet.BLOCKS else blob.content
        return Answer(200, content, {"ETag": f'"{digest}"', "Accept-Ranges": "bytes"}, True)

    def _large(self, digest: str) -> Blob | None:
        files = (blob for each in self.repositories.values() for at in each.commits.values() for blob in at.values())
        return next((blob for blob in files if blob.is_lfs and blob.sha256 == digest), None)

    def _find(self, request: Request, kind: Kind, id: str, is_file: bool = False) -> Repository | Answer:
        """A repository, or why it is not had."""
        if new := self.renamed.get((kind, id)):
            return Answer(307, headers={"Location": request.target.replace(f"/{id}", f"/{new}", 1)})
        found = self.repositories.get((kind, id))
        is_reader = found is not None and request.token in found.readers
        if found is None or found.is_deleted or (found.is_private and not is_reader):
            message = "Repository not found" if request.token else "Invalid username or password."
            return refusal(404 if request.token else 401, "RepoNotFound", message)
        if found.gated and is_file and not is_reader:
            restricted = f"Access to {kind} {id} is restricted"
            if request.token is None:
                message = f"{restricted}. You must have access to it and be authenticated to access it. Please log in."
                return refusal(401, "GatedRepo", message)
            return refusal(403, "GatedRepo", f"{restricted} and you are not in the authorized list.")
        return found

    def _about(self, request: Request, kind: Kind, rest: str) -> Answer:
        """`/api/datasets/OWNER/NAME[/WHAT[/REVISION[/PATH]]]`; old ids have no owner."""
        whats = "revision|tree|paths-info|refs|auth-check|xet-read-token"
        match = re.fullmatch(rf"((?:[^/]+/)??[^/]+)(?:/({whats})(?:/([^/]+)(?:/(.*))?)?)?", rest)
        if match is None:
            return refusal(404, None, "Not found")
        id, what = match[1], match[2]
        revision, inside = (unquote(part) if part else None for part in (match[3], match[4]))
        found = self._find(request, kind, id, is_file=what in ("auth-check", "xet-read-token"))
        if isinstance(found, Answer):
            return found
        if what == "xet-read-token":
            given = {"X-Xet-Cas-Url": self.cdn, "X-Xet-Access-Token": "xet", "X-Xet-Token-Expiration": "4102444800"}
            return json_of({}, headers=given)
        if what == "auth-check":
            return json_of({})
        if what == "refs":
            branches = [
                {"name": name, "ref": f"refs/heads/{name}", "targetCommit": at} for name, at in found.branches.items()
            ]
            return json_of({"branches": branches, "converts": [], "tags": []})
        commit = found.find(revision)
        if commit is None:
            return refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if what == "tree":
            return self._tree(request, found, commit, inside or "")
        if what == "paths-info":
            return self._paths(request, found, commit)
        return self._info(request, found, commit)

    def _info(self, request: Request, repository: Repository, commit: str) -> Answer:
        with_blobs = request.query.get("blobs", [""])[0].lower() == "true"
        files = repository.commits[commit]
        siblings = [{"rfilename": path, **(_sibling(blob) if with_blobs else {})} for path, blob in files.items()]
        found: dict[str, Any] = {
            "_id": hashlib.sha1(repository.id.encode()).hexdigest()[:24],
            "id": repository.id,
            **({"modelId": repository.id} if repository.kind == "model" else {}),
            "author": repository.id.partition("/")[0],
            "sha": commit,
            "lastModified": DATE,
            "createdAt": DATE,
            "private": repository.is_private,
            "gated": repository.gated,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "cardData": repository.card(commit),
            "siblings": siblings,
            "usedStorage": sum(blob.size for blob in files.values()),
        }
        if wanted := request.query.get("expand"):
            found = {name: value for name, value in found.items() if name in ("_id", "id", *wanted)}
        return json_of(found)

    def _tree(self, request: Request, repository: Repository, commit: str, inside: str) -> Answer:
        """A page of what lies in a folder."""
        files = repository.commits[commit]
        start = f"{inside}/" if inside else ""
        is_recursive, is_expanded = (
            request.query.get(name, [""])[0].lower() == "true" for name in ("recursive", "expand")
        )
        names = [name for name in sorted([*files, *folders_of(files)]) if name.startswith(start)]
        if inside and not names:
            return refusal(404, "EntryNotFound", f'{inside} does not exist on "{commit}"')
        names = [name for name in names if is_recursive or "/" not in name.removeprefix(start)]
        page, offset = EXPANDED_PAGE if is_expanded else PAGE, int(request.query.get("cursor", ["0"])[0])
        headers = {}
        if offset + page < len(names):
            query = f"recursive={is_recursive}&expand={is_expanded}&cursor={offset + page}"
            headers["Link"] = f'<http://{request.host}{request.raw_path}?{query}>; rel="next"'
        return json_of([self._entry(name, files.get(name)) for name in names[offset : offset + page]], headers=headers)

    def _paths(self, request: Request, repository: Repository, commit: str) -> Answer:
        """About paths that are named in the body."""
        files = repository.commits[commit]
        is_json = request.content_type.startswith("application/json")
        asked = json.loads(request.body) if is_json else parse_qs(request.body.decode())
        there = {*files, *folders_of(files)}
        return json_of([self._entry(name, files.get(name)) for name in asked.get("paths", []) if name in there])

    def _entry(self, name: str, blob: Blob | None) -> dict[str, Any]:
        """A file, or a folder: None."""
        if blob is None:
            return {"type": "directory", "oid": hashlib.sha1(name.encode()).hexdigest(), "size": 0, "path": name}
        entry: dict[str, Any] = {"type": "file", "oid": blob.oid, "size": blob.size, "path": name}
        if blob.is_lfs:
            entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": 134}
            if self.has_xet:
                entry["xetHash"] = blob.sha256
        return entry

    def _file(self, request: Request, kind: Kind, id: str, revision: str, path: str) -> Answer:
        found = self._find(request, kind, id, is_file=True)
        if isinstance(found, Answer):
            return found
        commit = found.find(revision)
        if commit is None:
            return refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        blob = found.commits[commit].get(path)
        if blob is None:
            return refusal(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": commit})
        headers = {"X-Repo-Commit": commit, "ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}
        if not blob.is_lfs:
            return Answer(200, blob.content, headers, is_content=True)
        headers |= {"X-Linked-Size": str(blob.size), "X-Linked-Etag": f'"{blob.etag}"'}
        if self.has_xet:
            route = f"http://{request.host}/api/{kind}s/{id}/xet-read-token/{commit}"
            headers |= {"X-Xet-Hash": blob.sha256, "X-Xet-Refresh-Route": route}
        return Answer(302, headers={**headers, "Location": f"{self.cdn}/{kind}s/{quote(id)}/{blob.sha256}"})


def _sibling(blob: Blob) -> dict[str, Any]:
    lfs = {"lfs": {"sha256": blob.sha256, "size": blob.size, "pointerSize": 134}} if blob.is_lfs else {}
    return {"size": blob.size, "blobId": blob.oid, **lfs}
