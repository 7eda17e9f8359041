"""A score in words."""

from collections.abc import Mapping
from typing import Any, Final

_EVENTS: Final = """\
{in_file:,} events: {sent:,} sent, {dropped:,} dropped, {to_send:,} not sent, {pending:,} pending
of {judged:,} judged: {on_time:,} on time, {late:,} late, {unanswered:,} unanswered
"""
_SHARES: Final = """\
  response rate   {response}
  on-time share   {on_time}
  latency         p50 {p50}, p99 {p99}, longest {longest}
"""
_DETECTION: Final = """\
of {labelled:,} labelled: {true_positives:,} frauds flagged, {false_negatives:,} missed, \
{false_positives:,} false alarms
"""
_RATIOS: Final = """\
  precision       {precision}
  recall          {recall}
  F1              {f1}
"""
_RATIO_NAMES: Final = ("precision", "recall", "f1")
_FLAGS: Final = """\
flags: {recorded:,} recorded, {duplicate:,} duplicate, {contradictory:,} contradictory, \
{late:,} late, {not_found:,} not found
  {malformed:,} malformed, {unauthorised:,} unauthorised, {failed_on_purpose:,} failed on purpose, \
{withdrawn:,} withdrawn
"""
_REQUESTS: Final = """\
other requests: {malformed:,} malformed, {unauthorised:,} unauthorised
"""


def score_text(found: Mapping[str, Any]) -> str:
    """The score for people."""
    latency, detection = found["latency_seconds"], found["detection"]
    return "".join(
        (
            _EVENTS.format(**found["events"]),
            _SHARES.format(
                response=_share(found["response_rate"]),
                on_time=_share(found["on_time_share"]),
                p50=_seconds(latency["p50"]),
                p99=_seconds(latency["p99"]),
                longest=_seconds(latency["max"]),
            ),
            _DETECTION.format(**detection),
            _RATIOS.format(**{name: _share(detection[name]) for name in _RATIO_NAMES}),
            _FLAGS.format(**found["flags"]),
            _REQUESTS.format(**found["requests"]),
        )
    )


def _share(share: float | None) -> str:
    return "none" if share is None else f"{share:.4f}"


def _seconds(seconds: float | None) -> str:
    return "none" if seconds is None else f"{seconds:.4f} s"
