"""How a build would be computed, in words."""

from collections.abc import Iterable

from engine.backends.polars.chunks import CHUNK_ROWS, MOST_CHUNK_ROWS
from engine.backends.polars.evaluate import key_of
from engine.backends.polars.plan import Plan, compile_features
from engine.backends.spark.cut import Sizes, base_of, bases_of, can_be_sliced, part_of, reach_of
from engine.build.job import PART_ROWS, open_log
from engine.build.native import why_not_native
from engine.build.options import Options
from engine.build.outputs import FEATURES
from engine.definition import fingerprint
from engine.definition.needs import aggregates_in
from engine.definition.nodes import Aggregate
from engine.events.log import Log
from engine.words import counted


def explain(options: Options) -> str:
    """The inputs, the feature set, its keys and windows, and how the log would be cut up."""
    features = options.features
    log = open_log(options, features)
    plan = compile_features(features)
    rows = "an unknown number of rows" if log.rows is None else f"about {counted(log.rows, 'row')}"
    lines = [
        f"inputs: {counted(len(log.files), 'file')}, {rows}",
        *(f"  {file.name} ({file.kind})" for file in log.files),
        f"feature set: {features.name}, {counted(len(features.features), 'feature')}",
        f"fingerprint: {fingerprint(features)}",
        f"columns read: {', '.join(log.columns)}",
        f"engine: {options.engine}, {counted(options.threads, 'thread')}",
        *_windows(plan),
        *_execution(options, plan, log.rows),
        *_reading(options, log),
    ]
    return "\n".join(lines) + "\n"


def _reading(options: Options, log: Log) -> list[str]:
    lines = [
        "reading: in place if the log is in time order without repeated event ids, else staged:",
        "  put in order in scratch files beside the output, results in the order of the input",
    ]
    if options.engine != "spark":
        return lines
    why_not = why_not_native(options, log)
    if why_not is not None:
        return [*lines, f"  all rows by one process, as {why_not}"]
    return [
        "reading: in tasks, by row groups: once to count, check and sample, once to compute, and",
        f"  once to write, a part of {FEATURES} for about {PART_ROWS:,} rows",
    ]


def _execution(options: Options, plan: Plan, log_rows: int | None) -> list[str]:
    match options.engine:
        case "polars":
            return _chunks(plan)
        case "duckdb":
            return [
                "execution: one SQL query over the whole log, one pass for each key,",
                f"  in {options.memory / 2**30:.1f} GiB of memory and, for more, in scratch files",
            ]
        case "spark":
            return _stages(options, plan, log_rows)
        case _:
            return ["execution: the whole log in memory"]


def _stages(options: Options, plan: Plan, rows: int | None) -> list[str]:
    sizes = Sizes(options.threads)
    if options.master is not None:
        on, partitions = f"the cores of {options.master}", "partitions"
    else:
        on = counted(options.threads, "core")
        partitions = "partitions" if rows is None else counted(sizes.partitions(rows), "partition")
    lines = [
        f"execution: by Spark on {on}, {partitions} of about {sizes.rows:,} rows, for each key:",
    ]
    for base in bases_of(plan):
        nodes = [node for node in plan.windowed if base_of(key_of(node), bases_of(plan)) == base]
        whole = [node for node in nodes if not can_be_sliced(plan, node)]
        if base:
            lines.append(
                f"  rows meet by {_named(base)}; a key with more than {sizes.hot:.0%} of a"
            )
            lines.append("    partition's rows, as a sample tells, is cut into slices of time")
        else:
            lines.append("  the whole stream is cut into slices of time")
        reach = reach_of(part_of(plan, nodes)) / plan.schema.ticks_per_second
        lines.append(
            "    a slice is at least as long as its windows reach, and also gets what they"
        )
        lines.append(f"    see of the time before, {reach:,.0f} s at most, and last rows")
        if whole:
            named = dict.fromkeys(_called(each) for node in whole for each in aggregates_in(node))
            lines.append(
                f"    in one task for each key, as it cannot be sliced: {', '.join(named)}"
            )
    return [
        *lines,
        "  where that makes slices far too large, windows that reach less far have their own",
        "  results are in the order of arrival: events are read again to take up what was found",
    ]


def _windows(plan: Plan) -> list[str]:
    lines = []
    for key in plan.keys:
        lines.append(f"key {_named(key)}:")
        spans = dict.fromkeys(
            aggregate.window for aggregate in plan.aggregates if aggregate.key == key
        )
        for window in spans:
            names = dict.fromkeys(
                _called(aggregate)
                for aggregate in plan.aggregates
                if aggregate.key == key and aggregate.window == window
            )
            lines.append(f"  {window}: {', '.join(names)}")
    return lines


def _chunks(plan: Plan) -> list[str]:
    if not plan.is_chunkable:
        whole = ", ".join(
            f"{_called(aggregate)} by {_named(aggregate.key)}" for aggregate in plan.unbounded
        )
        return [
            "execution: one chunk, the whole log in memory, for what sees for ever:",
            f"  {whole}",
        ]
    lines = [
        f"execution: chunks in time order of {CHUNK_ROWS:,} to {MOST_CHUNK_ROWS:,} rows",
    ]
    if plan.running:
        running = dict.fromkeys(node for root in plan.running for node in aggregates_in(root))
        lines.append("  carried on from chunk to chunk, as some see further than a day:")
        lines += _by_key(running)
    if plan.in_halo:
        reach = plan.reach / plan.schema.ticks_per_second
        carried = " and the last row of each key" if plan.carried else ""
        lines.append(f"  computed in each chunk, from a halo of {reach:,.0f} s{carried} before it:")
        lines += _by_key(plan.halo_aggregates)
    return lines


def _by_key(aggregates: Iterable[Aggregate]) -> list[str]:
    by_key: dict[str, dict[str, None]] = {}
    for aggregate in aggregates:
        by_key.setdefault(_named(aggregate.key), {})[_called(aggregate)] = None
    return [f"    {key}: {', '.join(names)}" for key, names in by_key.items()]


def _named(key: tuple[str, ...]) -> str:
    return f"({', '.join(key) or 'the whole stream'})"


def _called(aggregate: Aggregate) -> str:
    return f"{aggregate.name}({'' if aggregate.argument is None else aggregate.argument})"
