"""The commands. Everything heavy is imported by the command that needs it: `taskmix --help` answers at once."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from spaces.errors import Failure, InputError, Problem, TaskmixError

if TYPE_CHECKING:
    from search.config.workspace import Workspace
    from spaces.card import Card

FORMATS = ("table", "json", "csv")
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 1 for a failure, 2 for the user's mistake, 130 after an interrupt."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an answer is not lost to a letter that cannot be shown
    options = make_parser().parse_args(arguments)
    try:
        with _sigterm_as_interrupt():
            code: int = options.run(options)
            sys.stdout.flush()
            return code
    except TaskmixError as error:
        if options.debug:
            traceback.print_exc()
        _complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        return 0
    except Exception as error:
        if options.debug:
            raise
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        print("  fix:   this is a mistake in taskmix; the same command with --debug shows where", file=sys.stderr)
        return 1


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does: what was begun is put away, and a word is said."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets the main thread alone handle signals
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _complain(error: TaskmixError) -> None:
    for problem in error.problems:
        print(f"error: {problem}", file=sys.stderr)
    if len(error.problems) > 1:
        print(f"{len(error.problems)} problems", file=sys.stderr)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="taskmix",
        description="Find, for each target task, the best mix of intermediate tasks to train an encoder on first.",
        epilog="Searches live in $TASKMIX_HOME (default ./searches), built and tokenised data in $TASKMIX_CACHE "
        "(default ~/.cache/taskmix).",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: object, help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=help)
        added.add_argument("--debug", action="store_true", help="show tracebacks")
        added.set_defaults(run=run)
        return added

    def listing(added: argparse.ArgumentParser) -> None:
        added.add_argument("--format", choices=FORMATS, default="table", help="default: table")

    tasks = command("tasks", _tasks, "list the cards: intermediate tasks and targets")
    tasks.add_argument("names", nargs="*", metavar="NAME", help="cards; default: all")
    tasks.add_argument("--cards", type=Path, action="append", default=[], help="a folder with further cards")
    tasks.add_argument("--check", action="store_true", help="compare the cards with their data; 1 when one differs")
    tasks.add_argument("--mirror", help="with --check: a folder or URL laid out like the hub, instead of the hub")
    listing(tasks)

    convert = command("convert", _convert, "make the files of a card from the data set's own")
    convert.add_argument("name", choices=("bucc2018", "ccg", "lareqa", "mewslix"))
    convert.add_argument("source", type=Path, metavar="FROM", help="folder with the published files")
    convert.add_argument("target", type=Path, metavar="TO", help="folder for the card's files")

    plan = command("plan", _plan, "check a search file without training, and say what it would cost")
    plan.add_argument("file", type=Path)
    plan.add_argument(
        "--offline", action="store_true", help="leave out what only the hub, or the owner of files, could answer"
    )
    plan.add_argument("--measure", action="store_true", help="train a few steps, to learn how long they take here")
    plan.add_argument("--simulate", action="store_true", help="play the search through on a made-up response surface")

    download = command("download", _download, "fetch what a search reads from the hub, for machines without a network")
    download.add_argument("file", type=Path)
    download.add_argument("--list", action="store_true", help="only say what it is: sizes, licenses")

    doctor = command("doctor", _doctor, "check everything that a search needs: storage, data, model, Ray, every node")
    doctor.add_argument("file", type=Path)
    doctor.add_argument("--address", help="as for launch")

    launch = command("launch", _launch, "run a search, or go on with one of that name")
    launch.add_argument("file", type=Path)
    launch.add_argument("--address", help="of a Ray cluster, HOST:PORT; default: $RAY_ADDRESS, else this machine")

    resume = command("resume", _resume, "go on with a search from the stored copy of its file")
    resume.add_argument("name")
    resume.add_argument("--address", help="as for launch")

    submit = command("submit", _submit, "run a search as a job of a Ray cluster, and follow its log")
    submit.add_argument("file", type=Path)
    submit.add_argument("--address", required=True, help="of the cluster's dashboard, http://HOST:8265")
    submit.add_argument("--detach", action="store_true", help="do not follow the job's log")

    gc = command("gc", _gc, "delete what of the store a search does not need any more")
    gc.add_argument("name")
    gc.add_argument("--best", type=_positive, default=1, metavar="K", help="mixes per target that stay; default: 1")
    gc.add_argument("--yes", action="store_true", help="do not ask")

    status = command("status", _status, "one search in detail, or all searches")
    status.add_argument("name", nargs="?")
    listing(status)

    best = command("best", _best, "the best mixes found")
    best.add_argument("name")
    best.add_argument("--target", help="one target; default: all")
    best.add_argument("--top", type=_positive, default=3, metavar="K", help="mixes per target; default: 3")
    best.add_argument("--suite", metavar="S", help="the table of a benchmark instead: xtreme, xtreme-r, mini")
    listing(best)

    export = command("export", _export, "take home a model, or test predictions for a benchmark")
    export.add_argument("name")
    export.add_argument(
        "--format",
        required=True,
        metavar="F",
        help="hf: a model that transformers loads; xtreme, xtreme-r: test predictions as that benchmark takes them",
    )
    export.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder")
    export.add_argument(
        "--target", action="append", default=[], metavar="T", help="one target; default: all of the benchmark"
    )
    export.add_argument("--mix", help='of this mix, "none" for the baseline; default: the best one of each target')
    export.add_argument(
        "--fine-tuned", action="store_true", help="with hf: the target's own model, and not the encoder it begins with"
    )
    promote = command(
        "promote", _promote, "register a target's model with MLflow, and make it the champion if it is better"
    )
    promote.add_argument("name")
    promote.add_argument("--target", required=True, metavar="T", help="whose model")
    promote.add_argument("--mix", "--mixture", help='of this mix, "none" for the baseline; default: the best one')
    promote.add_argument("--alias", default="champion", metavar="A", help="default: champion")
    promote.add_argument("--force", action="store_true", help="move the alias, whatever it means now")
    return parser


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; a whole number of at least 1 is needed")
    return int(text)


def _tasks(options: argparse.Namespace) -> int:
    from search.display import report
    from search.results.cards import list_cards
    from spaces.catalogue import Catalogue

    catalogue = Catalogue.load(options.cards)
    if options.names:
        catalogue = catalogue.only(options.names)
    if options.check:
        cards = [*catalogue.tasks.values(), *catalogue.targets.values()]
        asked_for = [card for card in cards if options.names or not card.source.suite]  # we make the suites ourselves
        return _check_cards(asked_for, options.mirror)
    print(report.render(list_cards(catalogue), options.format))
    return 0


def _check_cards(cards: Sequence[Card], mirror: str | None) -> int:
    """A line for each card, as soon as it is known."""
    from search.checks.check import Check
    from search.config.workspace import cache_folder
    from search.display.terminal import Terminal
    from trainables.data.card_check import looked_at
    from trainables.hub.hub import Hub

    failed = 0
    with Terminal() as terminal:
        hub = Hub(cache_folder(None), say=terminal.say)
        for at, card in enumerate(cards, start=1):
            found = looked_at(card, hub, mirror)
            failed += found.state == "failed"
            terminal.check(Check(card.name, card.kind, found.state, str(found)))
            if found.state == "failed" and hub.is_away and at < len(cards):
                print(f"the hub is out of reach: {len(cards) - at} cards were not looked at")
                return 1
    print(f"{failed} of {len(cards)} cards differ from their data" if failed else "no card differs from its data")
    return 1 if failed else 0


def _convert(options: argparse.Namespace) -> int:
    from trainables.data.conversion import convert

    for file in convert(options.name, options.source, options.target):
        print(file)
    return 0


def _plan(options: argparse.Namespace) -> int:
    from search.checks.plan import planned
    from search.config.search_file import load
    from search.config.workspace import Workspace
    from search.display import report
    from search.display.terminal import Terminal

    workspace = Workspace.of(load(options.file))
    with Terminal() as terminal:
        answer = planned(workspace, terminal.say, options.offline, options.measure, options.simulate)
    print(report.plan(answer))
    return 0


def _download(options: argparse.Namespace) -> int:
    from search.config.search_file import load
    from search.config.workspace import Workspace
    from search.display import report
    from search.display.terminal import Terminal
    from trainables.pinning import list_needs

    workspace = Workspace.of(load(options.file))
    with Terminal() as terminal:
        needs = list_needs(workspace.plan, workspace.config.model, terminal.say)
    print(report.downloads(needs.lines))
    if not options.list:
        with Terminal() as terminal:
            needs.hub.say = terminal.say
            needs.fetch()
        print(needs.describe())
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from search.checks.doctor import diagnose
    from search.config.search_file import load
    from search.config.workspace import Workspace
    from search.display.terminal import Terminal

    search = load(options.file)
    states = []
    with Terminal() as terminal:
        for check in diagnose(Workspace.of(search), options.address, terminal.say):
            terminal.check(check)
            states.append(check.state)
    failed = states.count("failed")
    print(f"{failed} of {len(states)} checks failed" if failed else f"{states.count('ok')} checks passed")
    return 1 if failed else 0


def _launch(options: argparse.Namespace) -> int:
    from search.config.search_file import load
    from search.config.workspace import Workspace

    search = load(options.file)
    workspace = Workspace.of(search)
    workspace.enter(options.file)
    return _run(workspace, options.address, news=True)


def _resume(options: argparse.Namespace) -> int:
    from search.config.workspace import find

    workspace = find(options.name, to_launch=True)
    file = Path(options.name)
    if file.is_file():  # on a machine that has the file but not the folder
        workspace.enter(file)
    return _run(workspace, options.address)


def _submit(options: argparse.Namespace) -> int:
    from cluster.submit import check_shared, submit
    from search.config.search_file import dump, load

    config = load(options.file).config
    problems = check_shared(config.model_dump(mode="json"), str(options.file))
    if problems:
        raise InputError(problems)
    folder = options.file.parent
    cards = [folder / card for card in config.cards]

    def say(text: str) -> None:
        print(text, flush=True)

    def write(text: str) -> None:
        print(text, end="", flush=True)

    ok = submit(config.name, dump(config, folder), cards, options.address, say, None if options.detach else write)
    return 0 if ok else 1


def _run(workspace: Workspace, address: str | None, news: bool = False) -> int:
    from search.display import report
    from search.display.terminal import Terminal
    from search.launch import launch
    from search.results.ranking import rank
    from search.results.row_source import StoredRows
    from search.results.status import summarize
    from search.scheduling.driver import SearchEnd
    from search.studies.studies import Studies

    name = workspace.name
    with Terminal() as terminal:
        ending = launch(workspace, terminal, address, news)
    studies = Studies.open(workspace)
    status = summarize(studies, driven=False)
    rows = StoredRows(workspace, studies, at_once=ending is SearchEnd.OVER)  # who interrupts does not want to wait
    print(report.final_answer(rank(studies, rows=rows), status, workspace.mlflow_uri))
    if ending is SearchEnd.INTERRUPTED:
        print(f"interrupted: nothing that was finished is lost; go on with: taskmix resume {name}", file=sys.stderr)
        return INTERRUPTED
    if status.unmeasured:
        what, fix = "the search could not measure what it was asked to", f"see why: taskmix status {name}"
        raise Failure(Problem(what, name, f"no mixture has a score on {', '.join(status.unmeasured)}", fix))
    return 1 if ending is SearchEnd.STOPPED else 0


def _gc(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.display import report
    from search.formatting import size
    from search.retention.gc import sweep
    from search.studies.lease import acquire

    workspace = find(options.name)
    with acquire(workspace):  # a driver that runs would start from what is deleted
        unneeded = sweep(workspace, options.best)
        for complaint in dict.fromkeys(workspace.store.complaints):
            print(complaint, file=sys.stderr)
        print(report.gc_plan(unneeded))
        if not unneeded:
            return 0
        if not options.yes and not _agrees("delete? [y/N] ", f"taskmix gc {options.name} --yes"):
            print("nothing was deleted")
            return 0
        unneeded.carry_out(workspace.store)
    print(f"{size(unneeded.bytes)} freed")
    return 0


def _agrees(question: str, without: str) -> bool:
    if not sys.stdin.isatty():
        raise InputError(Problem("there is no terminal to ask on; nothing was deleted", fix=f"look, then: {without}"))
    return input(question).strip().lower() in ("y", "yes")


def _status(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.display import report
    from search.results.status import list_searches, summarize
    from search.studies.lease import is_held
    from search.studies.studies import Studies

    if options.name is None:
        print(report.render(list_searches(is_held), options.format))
        return 0
    workspace = find(options.name)
    print(report.render(summarize(Studies.open(workspace), is_held(workspace)), options.format))
    return 0


def _best(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.display import report
    from search.results.benchmark import tabulate
    from search.results.ranking import rank_and_explain
    from search.results.row_source import StoredRows
    from search.studies.studies import Studies

    workspace = find(options.name)
    studies = Studies.open(workspace)
    rows = StoredRows(workspace, studies)
    if options.suite:
        print(report.render(tabulate(studies, options.suite, rows), options.format))
    else:
        print(report.render(rank_and_explain(studies, options.target, options.top, rows), options.format))
    return 0


def _export(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.export.submission import export
    from search.studies.studies import Studies

    if options.format == "hf":
        return _export_model(options)
    if options.fine_tuned:
        raise InputError(Problem("predictions have no model", "--fine-tuned", options.format, "--format hf"))
    workspace = find(options.name)
    studies = Studies.open(workspace)
    for one in export(workspace, studies, options.format, options.out, options.target, options.mix):
        print(f"{one.task}: {len(one.files)} languages, {one.mix}, seed {one.seed}")
    print(f"written to {options.out}")
    return 0


def _export_model(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.display.terminal import Terminal
    from search.export.model import ModelRequest, export_model
    from search.formatting import points
    from search.results.model import MixResult
    from search.studies.studies import Studies

    if len(options.target) != 1:
        found = ", ".join(options.target) or "none"
        raise InputError(Problem("a model is of one target", "--target", found, "name one: --target T"))
    (target,) = options.target
    mix = ["--mix", options.mix] if options.mix is not None else []
    how = ["--fine-tuned"] if options.fine_tuned else []
    command = ["taskmix", "export", options.name, "--format", "hf", "--target", target, *mix, *how]
    command += ["--out", str(options.out)]
    workspace = find(options.name)
    request = ModelRequest(target, options.mix, options.fine_tuned, tuple(command))
    with Terminal() as terminal:
        if options.fine_tuned:
            terminal.say("training the model once more, as it was trained when it was scored")
        made = export_model(workspace, Studies.open(workspace), request, options.out)
    print(f"{made.content} for {target}: {made.mix}, seed {made.seed}, loads with {made.loads_with}")
    if isinstance(made.result, MixResult):
        print(f"gain {points(made.result.gain, made.result.gain_spread)} points, {len(made.result.seeds)} seed(s)")
        if made.result.gain is not None and made.result.gain <= 0:
            print("it does not beat the baseline, which is: --mix none")
    print(f"written to {options.out}; README.md says what it is and how to load it")
    return 0


def _promote(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.display.terminal import Terminal
    from search.export.model import ModelRequest
    from search.promotion import promote_model
    from search.studies.studies import Studies

    workspace = find(options.name)
    mix = ["--mix", options.mix] if options.mix is not None else []
    command = ["taskmix", "promote", options.name, "--target", options.target, *mix, "--alias", options.alias]
    request = ModelRequest(options.target, options.mix, fine_tuned=True, command=tuple(command))
    with Terminal() as terminal:
        terminal.say("training the model once more, as it was trained when it was scored")
        promoted = promote_model(workspace, Studies.open(workspace), request, options.alias, options.force)
    print(f"{promoted.name}, version {promoted.version}{'' if promoted.is_new else ', as it was registered before'}")
    print(f"{options.alias} {'moved to it' if promoted.moved else 'did not move'}: {promoted.reason}")
    return 0
