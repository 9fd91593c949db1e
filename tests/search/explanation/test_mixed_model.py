"""REML against analysis of variance, and against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest

from search.explanation.mixed_model import MixedModel, indicator


def test_a_balanced_one_way_layout_equals_the_analysis_of_variance() -> None:
    groups, each = 12, 5
    draw = np.random.default_rng(3)
    y = np.repeat(draw.normal(0, 2, groups), each) + draw.normal(size=groups * each) + 4
    z = indicator([f"{at:02}" for at in np.repeat(np.arange(groups), each)])
    fit = MixedModel(y, {"one": np.ones(len(y))}, {"group": z}).fit()
    table = y.reshape(groups, each)
    within = table.var(1, ddof=1).mean()
    between = each * table.mean(1).var(ddof=1)
    assert fit.components["residual"] == pytest.approx(within, rel=1e-4)
    assert fit.components["group"] == pytest.approx((between - within) / each, rel=1e-3)
    assert fit.coefficient("one") == pytest.approx(y.mean())
    assert fit.error("one") == pytest.approx(np.sqrt(between / len(y)), rel=1e-3)
    shrunk = fit.components["group"] / (fit.components["group"] + within / each)
    assert fit.effects["group"] == pytest.approx(shrunk * (table.mean(1) - y.mean()), rel=1e-3)


def crossed(seed: int) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Tasks x targets x languages x seeds: 8 x 4 x 9 x 3."""
    draw = np.random.default_rng(seed)
    task, target, language, _ = (axis.ravel() for axis in np.indices((8, 4, 9, 3)))
    x = draw.normal(size=(8, 4))[task, target]
    y = 0.7 * x + draw.normal(0, 1.5, 8)[task] + draw.normal(0, 1, 4)[target]
    y = y + draw.normal(0, 0.8, (4, 9))[target, language] + draw.normal(0, 1, len(task))
    z = {
        "task": indicator([str(one) for one in task]),
        "target": indicator([str(one) for one in target]),
        "language": indicator([f"{one} {other}" for one, other in zip(target, language, strict=True)]),
    }
    return y, {"one": np.ones(len(y)), "x": x}, z


def test_a_crossed_design_equals_statsmodels() -> None:
    mixed = pytest.importorskip("statsmodels.regression.mixed_linear_model")
    y, x, z = crossed(1)
    fit = MixedModel(y, x, z).fit()
    # all rows are one group there, and each effect a component of variance
    columns = [[[str(at) for at in range(matrix.shape[1])] for matrix in [one]] for one in z.values()]
    parts = mixed.VCSpec(list(z), columns, [[one] for one in z.values()])
    theirs = mixed.MixedLM(y, np.column_stack(list(x.values())), np.zeros(len(y)), exog_vc=parts).fit(reml=True)
    assert fit.coefficient("x") == pytest.approx(theirs.fe_params[1], abs=2e-3)
    assert fit.error("x") == pytest.approx(theirs.bse_fe[1], rel=5e-3)
    for name, variance in zip(z, theirs.vcomp, strict=True):
        assert fit.components[name] == pytest.approx(variance, rel=0.02, abs=2e-3)
    assert fit.components["residual"] == pytest.approx(theirs.scale, rel=5e-3)


def test_the_gradient_is_that_of_the_likelihood() -> None:
    model = MixedModel(*crossed(2))
    at = np.array([0.3, 0.9, 0.1])
    _, gradient = model._negative(at)
    for which in range(3):
        step = 1e-5 * np.eye(3)[which]
        numeric = (model._negative(at + step)[0] - model._negative(at - step)[0]) / 2e-5
        assert gradient[which] == pytest.approx(numeric, rel=1e-4)


def test_a_single_level_has_no_variance() -> None:
    y = np.random.default_rng(0).normal(size=30)
    fit = MixedModel(y, {"one": np.ones(30)}, {"target": np.ones((30, 1))}).fit()
    assert fit.components == {"target": 0.0, "residual": pytest.approx(y.var(ddof=1))}


def test_effects_that_are_the_same_are_counted_once() -> None:
    y, x, z = crossed(1)
    both = MixedModel(y, x, {**z, "twin": z["task"][:, ::-1]}).fit()
    assert both.components["twin"] == 0.0
    assert both.components["task"] == pytest.approx(MixedModel(y, x, z).fit().components["task"])


def test_a_column_that_others_span_does_not_break_it() -> None:
    y, x, z = crossed(1)
    fit = MixedModel(y, {**x, "again": x["x"]}, z).fit()
    alone = MixedModel(y, x, z).fit()
    assert fit.coefficient("x") + fit.coefficient("again") == pytest.approx(alone.coefficient("x"), rel=1e-3)
