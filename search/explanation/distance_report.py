"""The distances of a search, as its answer."""

from __future__ import annotations

from search.answers.explanation import DistanceTables
from search.distances.tables import DomainTable, LanguageTable
from spaces.typology import LOW_COVERAGE
from spaces.zero_shot import training_languages


def tabulate(name: str, domain: DomainTable, languages: LanguageTable) -> DistanceTables:
    """Both tables of a search, and what is missing in them."""
    plan = domain.plan
    table = domain.table()
    sources = sorted({language for card in plan.tasks.values() for language in training_languages(card)})
    targets = sorted({language for card in plan.targets.values() for language in card.languages})
    coverage = languages.coverage(sources, targets)
    missing = {
        task: {target: domain.reason(task, target) for target, value in row.items() if value is None}
        for task, row in table.items()
        if None in row.values()
    }
    thin = languages.thin(coverage)
    notes = []
    if missing:
        notes.append(f"distances are missing for {', '.join(missing)}")
    if thin:
        notes.append(
            f"less than {LOW_COVERAGE:.0%} of the features were observed in {', '.join(thin)}: predicted ones count"
        )
    return DistanceTables(
        search=name,
        measure=domain.measure,
        typology=languages.typology.name,
        domain=table,
        languages=languages.distances(sources, targets),
        coverage=coverage,
        missing=missing,
        notes=notes,
    )
