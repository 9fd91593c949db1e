"""What documents, docstrings and comments name is there: files, definitions, links, commands and their options.

CHANGELOG.md is left out, since it tells of what was. So is `tests/before`, which the version before has written.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from search.cli import main, make_parser
from spaces.formats import FORMATS
from tests.test_imports import BESIDE, TOWERS

ROOT = Path(__file__).parent.parent

PACKAGES = ("search", "trainables", "spaces", "cluster", "benchmarks", "tests")

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]

SOURCES = [
    file
    for package in PACKAGES
    for file in sorted((ROOT / package).rglob("*.py"))
    if "before" not in file.relative_to(ROOT).parts
]

THEIRS = {"utils_preprocess.py"}
"""Files of other projects, in backticks."""

TO_BE_MADE = {"trainables/formats/stance.py"}
"""Files that a page shows how to write."""

FOLDERS = "|".join(PACKAGES)

PATH = re.compile(rf"(?<![\w/.:{{}}<>-])((?:{FOLDERS}|docs|examples)/[\w*][\w./*-]*)")
"""A path from the root, in backticks or not; `*` stands for anything."""

MODULE_FILE = re.compile(r"`([\w-]+\.py)`")
"""A module by its file alone."""

DOTTED = re.compile(rf"`((?:{FOLDERS})(?:\.(?!yaml)\w+)+)(?:\(\))?`")
"""A module, or what it defines."""

STARTED = re.compile(r"python(?:3\.11)? -m ([\w.]+)")

LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")

HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

BLOCK = re.compile(r"^```(?:\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

TYPED = re.compile(r"(?:python(?:3\.11)? -m search|taskmix) ([a-z].*)")
"""A command of ours, as one types it."""

QUOTED = re.compile(r"`(?:python(?:3\.11)? -m search|taskmix) ([a-z][^`\n]*)`")

NAMED = re.compile(r"\btaskmix ([a-z]+)")
"""In the text of a program: what it tells people to type."""

PROSE = {"there"}
"""Words of a sentence after the name of this program."""

OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")


@dataclass(frozen=True)
class Mention:
    """What a file names, and where."""

    name: str
    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.name}"


def mentions(pattern: re.Pattern[str], files: Sequence[Path]) -> list[Mention]:
    """What the pattern's last group matches, or all of it."""
    return [
        Mention(match[match.lastindex or 0], file, text.count("\n", 0, match.start()) + 1)
        for file in files
        for text in [file.read_text(encoding="utf-8")]
        for match in pattern.finditer(text)
    ]


# --- files and definitions


@cache
def definitions(file: Path) -> dict[str, set[str]]:
    """Name that a module has -> what a class of that name has."""
    names: dict[str, set[str]] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        names |= dict.fromkeys(bound(node), members(node) if isinstance(node, ast.ClassDef) else set())
    return names


def members(node: ast.ClassDef) -> set[str]:
    """Methods, fields, and what its methods set on `self`."""
    own = {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and ast.unparse(part.value) == "self"
    }
    return own.union(*map(bound, node.body))


def bound(node: ast.stmt) -> set[str]:
    """The names that a statement makes, or imports."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return {node.name}
    if isinstance(node, ast.ImportFrom | ast.Import):
        return {alias.asname or alias.name for alias in node.names}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    return set()


def module_file(name: str) -> Path | None:
    """The file of a module of ours, or of its package."""
    path = ROOT.joinpath(*name.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def defines(file: Path, name: str) -> bool:
    """Whether a module has what `name` says: `function`, `Class`, or `Class.member`."""
    first, _, member = name.removesuffix("()").partition(".")
    names = definitions(file)
    return first in names and (not member or member in names[first])


def is_there(dotted: str) -> bool:
    """Whether there is such a module, folder, or definition in a module."""
    parts = dotted.split(".")
    if ROOT.joinpath(*parts).is_dir():
        return True
    for count in range(len(parts), 0, -1):
        file = module_file(".".join(parts[:count]))
        if file is not None:
            return count == len(parts) or defines(file, ".".join(parts[count:]))
    return False


def test_paths_exist() -> None:
    found = [one for one in mentions(PATH, [*PAGES, *SOURCES]) if one.name not in TO_BE_MADE]
    assert len(found) > 220

    def exists(path: str) -> bool:
        return any(ROOT.glob(path)) if "*" in path else (ROOT / path).exists()

    assert not [str(one) for one in found if not exists(one.name.rstrip(".-"))]


def test_modules_that_are_named_by_their_file_exist() -> None:
    """In code: beside it. In a page: one of them."""
    found = [one for one in mentions(MODULE_FILE, [*PAGES, *SOURCES]) if one.name not in THEIRS]
    assert len(found) > 12
    names = {file.name for file in SOURCES}

    def exists(one: Mention) -> bool:
        return one.name in names if one.file in PAGES else (one.file.parent / one.name).is_file()

    assert not [str(one) for one in found if not exists(one)]


def test_dotted_names_exist() -> None:
    found = mentions(DOTTED, [*PAGES, *SOURCES])
    assert len(found) > 12
    assert not [str(one) for one in found if not is_there(one.name)]


def is_a_program(module: str) -> bool:
    file = module_file(module)
    if file is None or file.name == "__init__.py":
        return ROOT.joinpath(*module.split("."), "__main__.py").is_file()
    return '__name__ == "__main__"' in file.read_text(encoding="utf-8")


def test_programs_exist() -> None:
    found = [one for one in mentions(STARTED, [*PAGES, *SOURCES]) if one.name.partition(".")[0] in PACKAGES]
    assert len(found) > 25
    assert not [str(one) for one in found if not is_a_program(one.name)]


# --- the picture of the house


@dataclass
class Package:
    """What the picture has of a package.

    Args:
        rooms: in the order of the picture, with the files of each, or none for a file of its own.
        beside: whether a room shares its floor with a neighbor.
        chambers: the folders of a room whose files are shown, as "room/folder".
    """

    rooms: dict[str, set[str]]
    beside: dict[str, bool]
    chambers: dict[str, set[str]]


def picture() -> dict[str, Package]:
    """The first block below "Rooms"; columns are parted by two blanks or more."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## Rooms")[2]
    packages: dict[str, Package] = {}
    room = chamber = ""
    for line in BLOCK.search(text)[1].splitlines():  # type: ignore[index]
        columns = re.split(r"\s{2,}", line.removeprefix("|").strip())
        if line[0].isalpha():
            package = packages[columns[0].rstrip("/")] = Package({}, {}, {})
        elif line[2] == " " and columns[0].endswith("/") and line[6] != " ":
            chamber = f"{room}/{columns[0].rstrip('/')}"
            package.rooms[room].add(columns[0].rstrip("/"))
            package.chambers[chamber] = set(columns[2:])
        elif line[2] == " ":
            (package.chambers[chamber] if chamber else package.rooms[room]).update(name.rstrip("/") for name in columns)
        else:
            room, chamber = columns[0].rstrip("/"), ""
            package.rooms[room] = {name.rstrip("/") for name in columns[2:]} if columns[0].endswith("/") else set()
            package.beside[room] = line.startswith("|")
    return packages


def test_the_picture_has_every_file() -> None:
    """Of `formats/` those that the formats share."""
    for name, package in picture().items():
        for room, files in (package.rooms | package.chambers).items():
            folder = ROOT / name / room
            entries = [entry for entry in folder.glob("*") if entry.suffix == ".py" or (entry / "__init__.py").exists()]
            own = {"__init__", *(FORMATS if room == "formats" else ())}
            assert files == {entry.stem for entry in entries} - own, folder
        modules = {file.stem for file in (ROOT / name).glob("*.py")} - {"__init__"}
        folders = {file.parent.name for file in (ROOT / name).glob("*/__init__.py")}
        assert package.rooms.keys() == modules | folders, name


def test_the_picture_has_the_floors_that_imports_are_held_to() -> None:
    for name, floors in TOWERS.items():
        package = picture()[name]
        standing = [room for room in package.rooms if room not in {beside.rpartition(".")[2] for beside in BESIDE}]
        for floor in reversed(floors):
            here, standing = standing[: len(floor)], standing[len(floor) :]
            assert set(here) == floor
            assert all(package.beside[room] == (len(floor) > 1) for room in here), here
        assert not standing


# --- links


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub makes anchors of them."""
    headings = HEADING.findall(BLOCK.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links() -> Iterator[tuple[Mention, str, str]]:
    """Where it stands, its text, and where it leads, of each link that stays in the repository."""
    for page in PAGES:
        text = BLOCK.sub(lambda block: "\n" * block[0].count("\n"), page.read_text(encoding="utf-8"))
        for match in LINK.finditer(text):
            if not re.match(r"\w+:", match[2]):
                yield Mention(match[0], page, text.count("\n", 0, match.start()) + 1), match[1], match[2]


def test_links_lead_somewhere() -> None:
    found = list(links())
    assert len(found) > 150
    for one, _, target in found:
        path, _, anchor = target.partition("#")
        file = (one.file.parent / path).resolve() if path else one.file
        assert file.exists(), one
        assert not anchor or anchor in anchors(file), one


def test_a_link_to_code_names_what_is_defined_there() -> None:
    """[`Class.method`](../room/file.py): so a page that walks through the code goes on being true."""
    found = [
        (one, text.strip("`"), (one.file.parent / target).resolve())
        for one, text, target in links()
        if target.endswith(".py") and re.fullmatch(r"`[\w.]+(\(\))?`", text) and not text.endswith(".py`")
    ]
    assert len(found) > 110
    assert not [str(one) for one, name, file in found if not defines(file, name)]


# --- commands


@pytest.fixture
def options_of(capsys: pytest.CaptureFixture[str]) -> dict[str, set[str]]:
    """Command -> its options, as its help has them."""

    def help_of(*arguments: str) -> str:
        with pytest.raises(SystemExit):
            main([*arguments, "--help"])
        return capsys.readouterr().out

    names = re.findall(r"^    ([a-z]+)(?: |$)", help_of(), re.MULTILINE)
    return {name: set(OPTION.findall(help_of(name))) for name in names}


def typed(page: Path) -> Iterator[Mention]:
    """The commands of ours in the blocks of a page, each with its arguments."""
    text = page.read_text(encoding="utf-8")
    inside = {
        number
        for block in BLOCK.finditer(text)
        for number in range(text.count("\n", 0, block.start()), text.count("\n", 0, block.end()))
    }
    for number, line in enumerate(text.splitlines()):
        if number in inside or line.startswith("    "):
            for part in line.split("&&"):
                if match := TYPED.fullmatch(part.strip()):
                    yield Mention(match[1], page, number + 1)


def arguments_of(command: str) -> list[str]:
    """Its words, up to a comment or a `>`."""
    words = shlex.split(command, comments=True)
    return words[: words.index(">")] if ">" in words else words


def test_commands_in_blocks_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    found = [one for page in PAGES for one in typed(page)]
    assert len(found) >= 12
    for one in found:
        try:
            make_parser().parse_args(arguments_of(one.name))
        except SystemExit:
            pytest.fail(f"{one}\n{capsys.readouterr().err}")


def test_commands_in_sentences_exist(options_of: dict[str, set[str]]) -> None:
    found = mentions(QUOTED, [*PAGES, *SOURCES])
    assert len(found) > 14
    for one in found:
        command, *arguments = arguments_of(one.name)
        assert command in options_of, one
        assert set(OPTION.findall(" ".join(arguments))) <= options_of[command], one


def test_commands_that_a_program_tells_people_to_type_exist(options_of: dict[str, set[str]]) -> None:
    found = [one for one in mentions(NAMED, SOURCES) if one.name not in PROSE]
    assert len(found) > 14
    assert not [str(one) for one in found if one.name not in options_of]


def test_the_readme_has_every_command(options_of: dict[str, set[str]]) -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Commands")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z]+)([^`]*)` \| (.*) \|$", table, re.MULTILINE)
    assert {name for name, _, _ in rows} == options_of.keys()
    for name, arguments, text in rows:
        assert set(OPTION.findall(arguments + text)) <= options_of[name], name


def test_programs_of_the_benchmarks_have_the_options_that_pages_give_them() -> None:
    found = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for path, module, arguments in re.findall(r"python (?:(benchmarks/\w+\.py)|-m (benchmarks\.\w+))(.*)", text):
            file = ROOT / path if path else module_file(module)
            assert file is not None, module
            options = OPTION.findall(arguments.partition("`")[0])
            found += len(options)
            assert set(options) <= set(OPTION.findall(file.read_text(encoding="utf-8"))), (page.name, file.name)
    assert found > 15


def test_the_citation_has_the_version() -> None:
    version = re.compile(r"^version\W+([\d.]+)", re.MULTILINE)
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "CITATION.cff")]
    assert len({version.search(text)[1] for text in texts}) == 1  # type: ignore[index]
