"""What a comparison found, for people."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from engine.words import counted

_INDENT: Final = "    "
_MANY: Final = 1_000_000


def text_of(content: dict[str, Any]) -> str:
    """The report's content as tables and paragraphs."""
    lines = [*_head(content), "", *_settled(content), *_details(content)]
    if content["as_arrived"] is not None:
        lines += ["", *_arrived(content["as_arrived"])]
    return "\n".join(lines) + "\n"


def _head(content: dict[str, Any]) -> Iterator[str]:
    rows, engines = content["rows"], content["engines"]
    named = f"{content['feature_set']} ({content['fingerprint'][:12]})"
    yield (
        f"{named}: {counted(rows['compared'], 'event')}, {', '.join(engines[1:])} "
        f"against {engines[0]}, bit by bit"
    )
    kinds = ("read", "quarantined", "duplicates", "late", "rounded")
    yield ", ".join(f"{kind} {rows[kind]:,}" for kind in kinds)
    for reason, count in content["quarantined"].items():
        yield f"  {count:,} × {reason}"
    sample = content["sample"]
    if sample is not None:
        yield f"a sample: {sample['cards']:,} of {counted(sample['of_cards'], 'card')}, whole"


def _settled(content: dict[str, Any]) -> Iterator[str]:
    others = content["engines"][1:]
    rows = []
    for feature in content["settled"]:
        differences = [feature["engines"][engine] for engine in others]
        firsts = [each["first"]["event_id"] for each in differences if each["first"]]
        rows.append(
            (
                feature["feature"],
                f"{feature['compared']:,}",
                *(f"{each['different']:,}" for each in differences),
                _largest(differences),
                next(iter(firsts), ""),
            )
        )
    different = [f"different: {engine}" for engine in others]
    yield from _table(("feature", "compared", *different, "largest", "first event"), rows)
    total = sum(
        each["different"] for feature in content["settled"] for each in feature["engines"].values()
    )
    compared = content["rows"]["compared"] * len(content["settled"]) * len(others)
    yield ""
    yield f"{counted(compared, 'pair')} of values compared, {total:,} differ"


def _details(content: dict[str, Any]) -> Iterator[str]:
    expected = content["engines"][0]
    for feature in content["settled"]:
        for engine, difference in feature["engines"].items():
            if difference["different"]:
                yield ""
                yield (
                    f"{feature['feature']}: {engine} differs from {expected} at "
                    f"{difference['different']:,} of {counted(feature['compared'], 'event')}"
                    f"{_kinds(difference)}"
                )
                yield f"  = {feature['expression']}"
                yield from _first(difference["first"], expected, engine)


def _first(first: dict[str, Any], expected: str, got: str) -> Iterator[str]:
    width = max(len(expected), len(got))
    yield f"  first at event {first['event_id']}, {first['utc']} UTC ({first['event_time']})"
    for engine, value in ((expected, first["expected"]), (got, first["got"])):
        bits = "" if value["hex"] is None else f"  {value['hex']}"
        yield f"{_INDENT}{engine:{width}}  {_cell(value['value'])}{bits}"
    own = [f"{name} {_cell(value)}" for name, value in first["event"].items()]
    yield f"{_INDENT}the event: {', '.join(own)}"
    for window in first["history"]:
        shown, total = len(window["rows"]), window["total"]
        yield f"  {window['aggregate']}"
        yield f"{_INDENT}sees {counted(total, 'event')}{', the latest last' if total else ''}"
        if total > shown:
            yield f"{_INDENT}… and {total - shown:,} more before these"
        if shown:
            rows = [tuple(map(_cell, row)) for row in window["rows"]]
            yield from (f"{_INDENT}{line}" for line in _table(window["columns"], rows))


def _arrived(arrived: dict[str, Any]) -> Iterator[str]:
    yield (
        f"as arrived: {counted(arrived['late'], 'event')} came late, {arrived['too_late']:,} of "
        "them too late to be scored on all that had arrived"
    )
    if arrived["astray"]:
        yield (
            f"{counted(arrived['astray'], 'event')} not believed, further off than --leap: each is "
            "scored as the first of its keys, and no history"
        )
    yield "what is served when an event arrives, against the settled values; no fault of an engine"
    rows = [
        (
            each["feature"],
            f"{each['compared']:,}",
            f"{each['different']:,}",
            _largest([each]),
            "" if each["first"] is None else each["first"]["event_id"],
        )
        for each in arrived["features"]
    ]
    yield ""
    yield from _table(("feature", "compared", "different", "largest", "first event"), rows)
    for each in arrived["features"]:
        if each["first"] is not None:
            yield ""
            yield from _first_arrived(each["feature"], each["first"])


def _first_arrived(feature: str, first: dict[str, Any]) -> Iterator[str]:
    settled, served = (_cell(first[name]["value"]) for name in ("expected", "got"))
    yield f"{feature}: served {served}, settled {settled}, first at event {first['event_id']}"
    for window in first["history"]:
        seen, later = window["total"], window["came_later"]
        came = f"{later:,} of which came after it" if later else "all of which came before it"
        yield f"  {window['aggregate']} sees {counted(seen, 'event')}{f', {came}' if seen else ''}"


def _largest(differences: Sequence[dict[str, Any]]) -> str:
    """The largest of several distances; null and NaN have none and are named."""
    known = [each["largest"] for each in differences if each["largest"] is not None]
    parts = []
    if known:
        parts.append(_distance(max(known), differences[0]["unit"]))
    parts += [word for word in ("null", "nan") if any(each[f"{word}s"] for each in differences)]
    if not parts and any(each["different"] for each in differences):
        parts.append("text")
    return ", ".join(parts)


def _kinds(difference: dict[str, Any]) -> str:
    parts = []
    if difference["largest"] is not None:
        parts.append(f"by at most {_distance(difference['largest'], difference['unit'])}")
    if difference["nulls"]:
        parts.append(f"{difference['nulls']:,} times one is null")
    if difference["nans"]:
        parts.append(f"{difference['nans']:,} times one is NaN")
    return "".join(f", {part}" for part in parts)


def _distance(steps: int, unit: str) -> str:
    if unit != "ulp":
        return f"{steps:,}"
    # So far apart they are other values: how many steps there are is told to the power of two.
    return f"{steps:,} ulp" if steps < _MANY else f"2^{steps.bit_length() - 1} ulp"


def _cell(value: object) -> str:
    return "null" if value is None else str(value)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Aligned columns: what looks like numbers to the right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(cell[-1:].isdigit() for cell in column[1:]) for column in columns]
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        yield "  ".join(cells).rstrip()
