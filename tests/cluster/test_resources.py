"""What a work item occupies and how many fit."""

from __future__ import annotations

import pytest

from cluster.resources import ItemResources, count_fitting
from spaces.errors import InputError


def test_a_bundle_per_worker() -> None:
    assert ItemResources(cpus=2).bundles() == [{"CPU": 2}]
    assert ItemResources(cpus=1, gpus=0.5).bundles() == [{"CPU": 1, "GPU": 0.5}]
    assert ItemResources(cpus=2, gpus=1, workers=2).bundles() == [{"CPU": 2, "GPU": 1}] * 2


def test_placement_for_tune() -> None:
    placement = ItemResources(cpus=2, workers=2).placement()
    assert placement.required_resources == {"CPU": 4}
    assert placement.strategy == "PACK"


@pytest.mark.parametrize(
    ("item", "nodes", "cap", "count"),
    [
        (ItemResources(), [{"CPU": 2.0}], None, 2),
        (ItemResources(), [{"CPU": 2.0}], 1, 1),
        (ItemResources(cpus=2), [{"CPU": 3.0}, {"CPU": 3.0}], None, 2),
        (ItemResources(gpus=0.5), [{"CPU": 8.0, "GPU": 1.0}], None, 2),
        (ItemResources(gpus=1), [{"CPU": 8.0}, {"CPU": 8.0, "GPU": 4.0}], 8, 4),
        (ItemResources(gpus=1, workers=3), [{"CPU": 8.0, "GPU": 2.0}] * 3, None, 2),
    ],
)
def test_as_many_as_fit(item: ItemResources, nodes: list[dict[str, float]], cap: int | None, count: int) -> None:
    assert count_fitting(item, nodes, cap) == count


def test_not_even_one_fits() -> None:
    with pytest.raises(InputError) as caught:
        count_fitting(ItemResources(cpus=2, gpus=1), [{"CPU": 2.0}, {"CPU": 1.0, "GPU": 1.0}])
    (problem,) = caught.value.problems
    assert problem.found == "asked: 2 CPU and 1 GPU; nodes: 2 CPU, 0 GPU; 1 CPU, 1 GPU"
    assert problem.fix


@pytest.mark.parametrize("wrong", [{"cpus": 0}, {"gpus": -1}, {"gpus": 1.5}, {"workers": 0}])
def test_resources_that_no_item_can_run_with(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        ItemResources(**wrong)  # type: ignore[arg-type]


def test_nothing_at_once_is_a_mistake() -> None:
    with pytest.raises(InputError):
        count_fitting(ItemResources(), [{"CPU": 2.0}], cap=0)


def test_a_growing_cluster_is_asked_for_what_is_wanted() -> None:
    one = [{"CPU": 2.0}]
    assert count_fitting(ItemResources(cpus=2), one, cap=8) == 1
    assert count_fitting(ItemResources(cpus=2), one, cap=8, growing=True) == 8
    assert count_fitting(ItemResources(cpus=2), one, growing=True) == 1
    with pytest.raises(InputError):
        count_fitting(ItemResources(cpus=4), one, cap=8, growing=True)
