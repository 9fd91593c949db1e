"""What a search has found, in Markdown: MLflow shows it on the page of the search's run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from search.answers.mixes import BestMixes, GainEstimate, MixResult, TargetMixes
from search.formatting import hyperparameters, percent, points, points_between, share

LONGEST, LONGEST_SUMMARY = 7500, 1500
"""Characters: MLflow takes 8,000 in a tag, 5,000 in one of an experiment."""

Address = Callable[[str], str | None]
"""Digest of a recipe -> where its run is shown, if it has one."""


def describe(ranked: BestMixes, address: Address = lambda digest: None) -> str:
    """The best mix of each target with what its gain is worth, and the commands that go on from there."""
    lines = [
        summarize(ranked),
        "",
        *_row("target", "best mix", "gain, points", "95 % interval", "beats the baseline", "score, %", "baseline, %"),
        *_row(*["---"] * 2, *["---:"] * 5),
    ]
    rest = ["", *_notes(ranked), "", *_commands(ranked)]
    left = LONGEST - sum(len(line) + 1 for line in (*lines, *rest))
    for place, (target, mixes) in enumerate(ranked.targets.items()):
        row = "\n".join(_target(target, mixes, address))
        left -= len(row) + 1
        if left < 0:
            lines += _row(f"{len(ranked.targets) - place} more", "see the command below", *[""] * 5)
            break
        lines.append(row)
    return "\n".join([*lines, *rest]) + "\n"


def summarize(ranked: BestMixes) -> str:
    """The answer in a paragraph of plain text, which begins with what was found: MLflow's lists cut it short."""
    found, none, open_ = list[str](), list[str](), list[str]()
    for target, mixes in ranked.targets.items():
        if mixes.beats_baseline:
            mean, interval, probability = _worth(mixes.best[0])
            sure = f" ({interval}, {probability} that it beats the baseline)" if interval else ""
            found.append(f"{mixes.best[0].mix} for {target}, {mean} points{sure}")
        else:
            (open_ if mixes.beats_baseline is None else none).append(target)
    sentences = [f"Best mix: {'; '.join(found)}"] if found else []
    sentences += [f"No mix beats the baseline for {', '.join(none)}"] if none else []
    sentences += [f"Nothing to compare yet for {', '.join(open_)}"] if open_ else []
    text = ". ".join(sentences) + "."
    return text if len(text) <= LONGEST_SUMMARY else f"{text[:LONGEST_SUMMARY]} ..."


def _target(target: str, mixes: TargetMixes, address: Address) -> Iterator[str]:
    baseline = percent(mixes.baseline.score) if mixes.baseline else ""
    if not mixes.best:
        yield from _row(target, "nothing measured yet", "", "", "", "", baseline)
        return
    result = mixes.best[0]
    link = address(result.digest)
    mix = f"[{result.mix}]({link})" if link else result.mix
    if result.hyperparameters:
        mix += f" ({hyperparameters(result.hyperparameters)})"
    if mixes.beats_baseline:
        mix = f"**{mix}**"
    elif mixes.beats_baseline is False:
        mix = f"**none**; the first of {mixes.tried} was {mix}"
    yield from _row(target, mix, *_worth(result), percent(result.score), baseline)


def _worth(result: MixResult) -> tuple[str, str, str]:
    """Gain, interval, probability: of the claim, or of what chose the mix as long as there is none."""
    estimate = result.claim or result.expected
    if estimate is None:
        return points(result.gain), "", ""
    mean = f"{points(estimate.mean)}{_mark(estimate)}"
    if estimate.low is None or estimate.high is None or estimate.probability is None:
        return mean, "", ""
    return mean, points_between(estimate.low, estimate.high), share(estimate.probability)


def _mark(estimate: GainEstimate) -> str:
    return " †" if estimate.split == "dev" else " ‡" if estimate.optimistic else ""


def _notes(ranked: BestMixes) -> Iterator[str]:
    """How to read the table."""
    yield (
        "Gains are on the test split, which had no say in the choice; scores are on the development split, which"
        " chose. Below this run there is one for each configuration, with means over seeds, and its seeds below that."
    )
    estimates = [
        result.claim or result.expected for mixes in ranked.targets.values() for result in mixes.best[:1] if result
    ]
    marks = {_mark(estimate).strip() for estimate in estimates if estimate is not None}
    if "†" in marks:
        yield "† on the development split, which chose the mix: nothing is claimed yet."
    if "‡" in marks:
        yield "‡ the same seed or split has chosen the mix: the interval is one for all mixes at once."
    if ranked.mean is not None and ranked.mean.claims:
        mean = ranked.mean
        yield (
            f"{mean.claims} of {mean.targets} targets have a mix that beats the baseline with a probability above .95;"
            f" {mean.expected_false:.2f} of these claims are expected to be false."
        )


def _row(*cells: str) -> Iterator[str]:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    yield f"| {' | '.join(escaped)} |"


def _commands(ranked: BestMixes) -> Iterator[str]:
    yield "```sh"
    yield f"taskmix best {ranked.search}"
    best = sorted((not mixes.beats_baseline, target) for target, mixes in ranked.targets.items() if mixes.best)
    if best:
        yield f"taskmix export {ranked.search} --target {best[0][1]} --format hf --fine-tuned --out FOLDER"
    yield "```"
