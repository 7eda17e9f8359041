"""One state as many: what of it is of all events, and of each bucket what is of its cards."""

import numpy as np
import polars as pl

from engine.backends.online.compile import compile_online
from engine.backends.online.keys import KeySource
from engine.backends.online.logs import LaneSource
from engine.backends.online.shapes import IDS, OWNER, aside_columns, value_fields
from engine.backends.online.state import Standing, State, state_bytes
from engine.definition import FeatureSet
from engine.live_spark.part import Part
from engine.live_spark.partition import bucket_of, common_columns
from engine.live_spark.sequencing import Sequencer, bare


def sequencer_of(features: FeatureSet, state: State, *, first: int = 0) -> bytes:
    """What a sequencer goes on with after a state, as ``Sequencer.restore`` takes it."""
    aside = state.tables["aside"]
    held = {row[0]: row for row in aside.rows()}
    plain = bare(features.schema)
    shape = aside_columns(plain.schema, compile_online(plain).columns)
    tables = {name: state.tables[name] for name in ("ids", "slips", "notes", "aside_labels")}
    tables["aside"] = aside.select(*shape)
    return Sequencer.begun(state_bytes(plain, State(state.standing, tables)), held, first)


def parts_of(features: FeatureSet, state: State, buckets: int) -> dict[int, bytes]:
    """The parts of a state by their buckets, as ``Part.restore`` takes them; no empty ones."""
    keys = [each.source for each in compile_online(features).keys]
    common = common_columns(features)
    where = [_buckets(key, state.tables[f"keys{key.number}"], common, buckets) for key in keys]
    found = np.unique(np.concatenate(where)) if where else np.empty(0, np.int64)
    return {
        int(bucket): Part.begun(state_bytes(features, _part(keys, state, where, int(bucket))))
        for bucket in found
    }


def _buckets(
    key: KeySource, table: pl.DataFrame, common: tuple[str, ...], buckets: int
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The bucket of each row of a key's table."""
    columns = [table[f"key{key.key.index(name)}"].to_list() for name in common]
    if not columns:
        return np.zeros(len(table), np.int64)
    found = [bucket_of(values, buckets) for values in zip(*columns, strict=True)]
    return np.array(found, np.int64)


def _part(
    keys: list[KeySource],
    state: State,
    where: "list[np.ndarray[tuple[int], np.dtype[np.int64]]]",
    bucket: int,
) -> State:
    tables = {name: state.tables[name] for name in ("slips", "notes", "aside_labels")}
    tables["ids"] = pl.DataFrame(schema=IDS)
    tables["aside"] = state.tables["aside"].clear()
    for key, of_rows in zip(keys, where, strict=True):
        mine = of_rows == bucket
        places = np.cumsum(mine) - 1
        name = f"keys{key.number}"
        tables[name] = state.tables[name].filter(pl.Series(mine))
        for each in key.lanes:
            for owned in _owned(key, each):
                tables[owned] = _of(state.tables[owned], mine, places)
    was = state.standing
    standing = Standing(was.watermark, None, was.lateness, None, 0)
    return State(standing, tables)


def _of(
    table: pl.DataFrame,
    mine: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    places: "np.ndarray[tuple[int], np.dtype[np.int64]]",
) -> pl.DataFrame:
    """The rows of a lane's table whose key is one of mine, with the key's row among these."""
    owners = table[OWNER].to_numpy()
    held = mine[owners]
    rows = pl.Series(OWNER, places[owners[held]]).cast(table.schema[OWNER])
    return table.filter(pl.Series(held)).with_columns(rows)


def _owned(key: KeySource, each: LaneSource) -> list[str]:
    """The tables of a lane, which name rows of its key's."""
    here = f"{key.number}_{each.number}"
    return [
        f"log{here}",
        *([f"pend{here}"] if each.lane.delay else []),
        *(f"values{key.number}_{name}" for name in value_fields(key, each)),
    ]
