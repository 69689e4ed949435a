"""
Turn restrictions: which turn from one way into another is banned for whom.

Pure: tags and members of a relation in, a Restriction out. Source: OpenStreetMap wiki,
Relation:restriction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.planner.adapters.roads.networks import NETWORKS, Network
from services.planner.adapters.roads.tags import Tags

Member = tuple[str, str, int]
"""(n, w or r; role; id)"""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A turn over one node that is banned, or the only one that is not."""

    from_way: int
    via_node: int
    to_way: int
    is_only: bool
    networks: int
    """A bit for each of NETWORKS that has to obey."""


def restriction(tags: Tags, members: Sequence[Member]) -> Restriction | None:
    """
    What the relation restricts, or None where it cannot be applied.

    Left out are turns over several ways, members that are missing, and kinds that are unknown. A
    turn that is banned at some hours counts as banned at all: no plan may rest on it.
    """
    ends = {role: ref for kind, role, ref in members if kind == "w" and role in {"from", "to"}}
    vias = [ref for kind, role, ref in members if kind == "n" and role == "via"]
    networks = sum(1 << bit for bit, each in enumerate(NETWORKS) if _rule(tags, each))
    rules = {rule for each in NETWORKS if (rule := _rule(tags, each))}
    if set(ends) != {"from", "to"} or len(vias) != 1 or len(rules) != 1:
        return None
    return Restriction(
        from_way=ends["from"],
        via_node=vias[0],
        to_way=ends["to"],
        is_only=rules.pop().startswith("only_"),
        networks=networks,
    )


def _rule(tags: Tags, network: Network) -> str:
    """`no_left_turn` and the like, as it speaks to the network; empty where it does not."""
    exempt = {key.strip() for key in tags.get("except", "").split(";")}
    if exempt.intersection(network.restriction_keys) or not network.restriction_keys:
        return ""
    keys = ["restriction", *(f"restriction:{key}" for key in network.restriction_keys)]
    spoken = [tags[key] for key in keys if key in tags]
    spoken += [tags[f"{key}:conditional"] for key in keys if f"{key}:conditional" in tags]
    rule = spoken[0].split("@")[0].strip() if spoken else ""
    return rule if rule.startswith(("no_", "only_")) else ""
