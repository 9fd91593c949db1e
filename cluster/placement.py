"""Placement: the nodes on which work items may be started."""

from __future__ import annotations

from typing import ClassVar

from ray.tune import PlacementGroupFactory
from ray.util.placement_group import PlacementGroup, placement_group

NODE = "ray.io/node-id"
"""The label that Ray gives to each node."""


class Placement(PlacementGroupFactory):
    """Bundles that are placed on any node but those that are left out.

    Ray Tune copies requests, compares them, and keeps warm workers by them. So the nodes that are left out are kept by
    the class: a request stays the same when one is added, and only what is placed from then on keeps off it.
    """

    left_out: ClassVar[set[str]] = set()
    """Ray's ids of nodes."""

    def to_placement_group(self) -> PlacementGroup:
        """Asks Ray for a place."""
        bundles: list[dict[str, float]] = self.bundles
        elsewhere = {NODE: f"!in({','.join(sorted(self.left_out))})"} if self.left_out else {}
        place: PlacementGroup = placement_group(
            bundles, self.strategy, bundle_label_selector=[elsewhere] * len(bundles)
        )
        return place
