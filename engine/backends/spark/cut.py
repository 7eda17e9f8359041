"""How a log is cut up: over which keys, into how many partitions, and what is sliced.

Pure: no Spark. A feature set is computed in stages. In a stage all rows of a key meet in one
partition, and with them all that is computed over this key or over it and more columns. Stages do
not wait for each other: what each finds is put beside the event by its place.

A key with too many rows for one partition, and the empty key, which has all of them, is cut into
slices of time. A slice also gets what its windows see of the time before it: the rows within the
longest window's reach and, for what sees for ever and is answered by a last row, that one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from engine.backends.polars.evaluate import key_of
from engine.backends.polars.layout import IntArray, Mask
from engine.backends.polars.plan import Plan, needs_last_row_only
from engine.definition.needs import aggregates_in
from engine.definition.nodes import Expression, Feature, FeatureSet

Hashes = npt.NDArray[np.uint64]
Base = tuple[str, ...]  # the columns whose rows meet; none: all of the stream

_EARLIEST: Final = -(2**63)
_SEED: Final = 20
_OVERLOADED: Final = 4  # how many times what is aimed at a slice may have before it is too large


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a cut aims at.

    Parameters
    ----------
    cores
        How many tasks run at a time.
    rows
        About how many rows a partition has.
    hot
        A key is hot that has more than this share of the rows that are a partition's.
    reach
        How many times its windows' reach a slice of time is long, at least: what it sees of the
        time before it is computed again.
    """

    cores: int
    rows: int = 524_288
    hot: float = 0.25
    reach: float = 1.0

    def partitions(self, rows: int) -> int:
        """Into how many partitions to cut so many rows: a few for each core."""
        wanted = -(-rows // self.rows)
        return max(1, -(-wanted // self.cores)) * self.cores


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a log, evenly taken.

    Parameters
    ----------
    times
        (n,) when they happened.
    hashes
        By base, (n,) the hashes of their keys; 0 where one of its columns is null.
    """

    times: IntArray
    hashes: dict[Base, Hashes]


@dataclass(frozen=True, slots=True)
class Hot:
    """A key of which the rows are sliced.

    Parameters
    ----------
    hash
        Its hash; None for the empty key.
    first
        The partition of its first slice.
    cuts
        The times at which its slices begin, without the first.
    share
        Which part of the log's rows it has, as far as the sample tells.
    wanted
        How many slices its rows are worth; there are fewer where windows reach too far.
    length
        How many ticks each of these would be long.
    """

    hash: int | None
    first: int
    cuts: tuple[int, ...]
    share: float
    wanted: int
    length: int


@dataclass(frozen=True)
class Stage:
    """What is computed where rows meet by the columns of ``base``.

    Parameters
    ----------
    base
        The columns.
    plan
        What is computed: no features, windowed expressions alone.
    names
        The column of each windowed expression.
    spread
        How many partitions take the rows of keys that are not hot.
    hot
        The keys that are.
    """

    base: Base
    plan: Plan
    names: tuple[str, ...]
    spread: int
    hot: tuple[Hot, ...]

    @property
    def partitions(self) -> int:
        """How many there are."""
        return self.spread + sum(len(hot.cuts) + 1 for hot in self.hot)

    @property
    def reach(self) -> int:
        """How many ticks before a row its windows see, those without an end apart."""
        return reach_of(self.plan)

    @property
    def is_sliced(self) -> bool:
        """Whether some key is in more than one partition."""
        return any(hot.cuts for hot in self.hot)


def bases_of(plan: Plan) -> tuple[Base, ...]:
    """The sets of columns by which rows have to meet, the empty one last."""
    keys = {tuple(sorted(key)): None for key in plan.keys}
    least = [
        key for key in keys if key and not any(other and set(other) < set(key) for other in keys)
    ]
    return (*least, ()) if () in keys else tuple(least)


def cut(plan: Plan, sample: Sample, rows: int, sizes: Sizes) -> tuple[Stage, ...]:
    """The stages of a plan over a log of so many rows.

    Parameters
    ----------
    plan
        The compiled feature set.
    sample
        Some of the log's rows.
    rows
        How many there are.
    sizes
        What to aim at.
    """
    stages: list[Stage] = []
    bases = bases_of(plan)
    of_base: dict[Base, list[Expression]] = {base: [] for base in bases}
    for node in plan.windowed:
        of_base[base_of(key_of(node), bases)].append(node)
    for base in bases:
        nodes = of_base[base]
        sliced = [node for node in nodes if can_be_sliced(plan, node)]
        whole = [node for node in nodes if not can_be_sliced(plan, node)]
        groups = _sliced(plan, sliced, base, sample, rows, sizes)
        if whole and groups and not any(each.cuts for each in groups[-1][1]):
            # No key is sliced for what reaches furthest either: the rows need not travel twice.
            far, hot = groups.pop()
            groups, whole = [*groups, (_in_order(plan, far + whole), hot)], []
        stages.extend(_stage(plan, group, base, rows, sizes, hot) for group, hot in groups)
        if whole:
            stages.append(_stage(plan, whole, base, rows, sizes, ()))
    return tuple(stages)


def key_hashes(rows: pl.DataFrame, base: Base) -> Hashes:
    """(n,) hashes of the keys of rows, the same in every process; 0 where a column is null."""
    hashes = np.zeros(len(rows), dtype=np.uint64)
    null = np.zeros(len(rows), dtype=np.bool_)
    for name in base:
        values = rows[name]
        if values.dtype == pl.Categorical:
            values = values.cast(pl.String)
        own = values.hash(_SEED).to_numpy()
        hashes = (hashes * np.uint64(0x9E3779B97F4A7C15)) ^ own
        if values.null_count():
            null |= values.is_null().to_numpy()
    hashes |= np.uint64(1)
    hashes[null] = 0
    return hashes


def is_of(hot: Hot, hashes: Hashes) -> Mask:
    """(n,) which rows are of a hot key, by the hashes of their keys."""
    if hot.hash is None:
        return np.ones(len(hashes), dtype=np.bool_)
    mask: Mask = hashes == np.uint64(hot.hash)
    return mask


def reach_of(plan: Plan) -> int:
    """How many ticks before a row a plan's windows see, those without an end apart."""
    spans = [plan.span(aggregate.window) for aggregate in plan.aggregates]
    return max((span.length + span.delay for span in spans if span.length is not None), default=0)


def seen_since(cut_at: int, reach: int) -> int:
    """The earliest time that the windows of a slice see."""
    return max(cut_at - reach, _EARLIEST)


def base_of(key: Base, bases: Iterable[Base]) -> Base:
    """By which of these a key is computed: rows that have the key in common have it in common."""
    return next(base for base in bases if set(base) <= set(key) and (base or not key))


def can_be_sliced(plan: Plan, node: Expression) -> bool:
    """Whether a slice of time can be given all that a windowed expression sees before it."""
    return all(
        plan.span(aggregate.window).length is not None or needs_last_row_only(aggregate)
        for aggregate in aggregates_in(node)
    )


def part_of(plan: Plan, nodes: list[Expression]) -> Plan:
    """The plan of some windowed expressions."""
    features = tuple(Feature(f"@{place}", node, "") for place, node in enumerate(nodes))
    schema = plan.schema
    return Plan(FeatureSet(plan.features.name, schema, features), tuple(nodes), tuple(nodes))


def _stage(
    plan: Plan, nodes: list[Expression], base: Base, rows: int, sizes: Sizes, hot: tuple[Hot, ...]
) -> Stage:
    part = part_of(plan, nodes)
    names = tuple(f"@{plan.windowed.index(node)}" for node in nodes)
    alone = 0 if hot else 1  # whoever has no key is hot, or in one partition
    return Stage(base, part, names, sizes.partitions(rows) if base else alone, hot)


def _sliced(
    plan: Plan, nodes: list[Expression], base: Base, sample: Sample, rows: int, sizes: Sizes
) -> list[tuple[list[Expression], tuple[Hot, ...]]]:
    """The expressions that are computed together, and the keys that are sliced for them.

    A slice is as long as windows reach, at least. Where some reach so far that slices are several
    times as large as is aimed at, the others are computed by themselves.
    """
    if not nodes:
        return []
    hot = _hot_keys(part_of(plan, nodes), base, sample, rows, sizes)
    large = [each for each in hot if each.wanted >= _OVERLOADED * (len(each.cuts) + 1)]
    if not large:
        return [(nodes, hot)]
    # It is worth a stage more for the one with most rows, of those of which some are to be sliced:
    # what has come all at once is not.
    for key in sorted(large, key=lambda each: each.share, reverse=True):
        near = [
            node for node in nodes if reach_of(part_of(plan, [node])) * sizes.reach <= key.length
        ]
        if near and len(near) < len(nodes):
            break
    else:
        return [(nodes, hot)]
    far = [node for node in nodes if node not in near]
    groups = (near, far)
    return [(group, _hot_keys(part_of(plan, group), base, sample, rows, sizes)) for group in groups]


def _in_order(plan: Plan, nodes: list[Expression]) -> list[Expression]:
    return [node for node in plan.windowed if node in nodes]


def _hot_keys(part: Plan, base: Base, sample: Sample, rows: int, sizes: Sizes) -> tuple[Hot, ...]:
    """The keys that are sliced, and where."""
    known = len(sample.times)
    if not known:
        return ()
    spread = sizes.partitions(rows)
    first = spread if base else 0
    found: list[Hot] = []
    for number, times in _frequent(base, sample, known * sizes.hot / spread):
        share = len(times) / known
        wanted = max(1, round(share * spread))
        cuts = _cuts(times, wanted, reach_of(part), sizes)
        length = (int(times[-1]) - int(times[0])) // wanted
        found.append(Hot(number, first, cuts, share, wanted, length))
        first += len(cuts) + 1
    return tuple(found)


def _frequent(base: Base, sample: Sample, more_than: float) -> list[tuple[int | None, IntArray]]:
    """The keys that occur more often in the sample, and when."""
    if not base:
        return [(None, np.sort(sample.times))]
    hashes = sample.hashes[base]
    values, counts = np.unique(hashes, return_counts=True)
    hot = values[(counts > max(more_than, 1)) & (values != 0)]
    return [(int(value), np.sort(sample.times[hashes == value])) for value in hot]


def _cuts(times: IntArray, slices: int, reach: int, sizes: Sizes) -> tuple[int, ...]:
    """Times that cut ascending ones into slices of equal size, each as long as it has to be."""
    least = max(1, int(reach * sizes.reach))
    span = int(times[-1]) - int(times[0])
    slices = min(slices, len(times), max(1, span // least))
    cuts: list[int] = []
    for part in range(1, slices):
        at = int(times[part * len(times) // slices])
        if at - (cuts[-1] if cuts else int(times[0])) >= least:
            cuts.append(at)
    return tuple(cuts)
