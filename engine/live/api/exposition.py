"""``GET /metrics``: what happened, as Prometheus reads it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fastapi import APIRouter
from prometheus_client import ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from engine.live.flag import Outcome
from engine.live.histogram import Histogram
from engine.live.metrics import Metrics
from engine.live.service import Health, Service

PATH: Final = "/metrics"

_PREFIX: Final = "sentinelpos_"


class Exposition(Collector):
    """Tells the numbers that there are at the moment; nothing is kept twice.

    Parameters
    ----------
    service
        Who knows how things are.
    metrics
        What happened.
    """

    def __init__(self, service: Service, metrics: Metrics) -> None:
        self._service = service
        self._metrics = metrics
        self._process = ProcessCollector(registry=None)

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        yield from self._counters()
        yield from self._histograms()
        yield from self._gauges(self._service.health())
        yield from self._process.collect()

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self)

    def _counters(self) -> Iterator[Metric]:
        metrics = self._metrics
        by_source = {
            "events": ("events that came", metrics.events),
            "duplicates": ("events that had been decided on before", metrics.duplicates),
            "unreadable": ("events that could not be read", metrics.unreadable),
            "late": ("events that came after younger ones", metrics.late),
        }
        for name, (words, counts) in by_source.items():
            yield _counter(name, words, "source", counts)
        decisions = {str(flagged): count for flagged, count in metrics.decisions.items()}
        yield _counter("decisions", "decisions, by what was decided", "flagged", decisions)
        yield _total("fallbacks", "decisions that were not the model's", metrics.fallbacks)
        final = {
            outcome.value: count
            for outcome, count in metrics.flags.items()
            if outcome is not Outcome.RETRY
        }
        yield _counter("flags", "flags, by what became of them", "outcome", final)
        retries = metrics.flags[Outcome.RETRY]
        yield _total("flag_retries", "posts that have to be tried again", retries)
        yield _total("reconnects", "how often the stream was opened again", metrics.reconnects)
        yield _total("ledger_failures", "batches that were held", metrics.ledger_failures)
        yield _total("model_changes", "models that were taken up", metrics.models)
        requests = CounterMetricFamily(
            f"{_PREFIX}api_requests", "requests answered", labels=["path", "status"]
        )
        for (path, status), count in sorted(metrics.requests.items()):
            requests.add_metric([path, str(status)], count)
        yield requests

    def _histograms(self) -> Iterator[Metric]:
        metrics = self._metrics
        yield _histogram("decided", "from receipt to a recorded decision", metrics.decided_after)
        yield _histogram(
            "acknowledged", "from receipt to the final reply", metrics.acknowledged_after
        )
        yield _histogram("api_request", "from request to answer", metrics.requests_took)

    def _gauges(self, health: Health) -> Iterator[Metric]:
        yield _gauge("ready", "whether events are decided on", health.ready)
        yield _gauge("stream_open", "whether the stream is open", health.stream == "open")
        yield _gauge("lag_seconds", "the oldest event without decision", health.lag_seconds)
        yield _gauge("queue", "events without a decision", health.queue)
        yield _gauge("pending_flags", "flags without a final answer", health.pending)
        # What there is none of yet is left out, as Prometheus has it.
        if health.last_event_seconds is not None:
            yield _gauge("last_event_seconds", "since the last one", health.last_event_seconds)
        if health.snapshot_seconds is not None:
            yield _gauge("snapshot_seconds", "since the last snapshot", health.snapshot_seconds)
        run = self._service.run
        told = {"run_id": health.run_id, "kind": run.model.kind, "feature_set": run.features.name}
        yield InfoMetricFamily(f"{_PREFIX}model", "the model that decides", told)
        yield _gauge("model_threshold", "the lowest score that is flagged", run.threshold)


def metrics_routes(exposition: Exposition) -> APIRouter:
    """The route.

    Parameters
    ----------
    exposition
        What is told.
    """
    router = APIRouter()

    @router.get(
        PATH,
        summary="Numbers for Prometheus",
        operation_id="metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        """What happened since the start, and how things are."""
        return Response(exposition.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router


def _counter(name: str, words: str, label: str, counts: Mapping[str, int]) -> Metric:
    found = CounterMetricFamily(f"{_PREFIX}{name}", words, labels=[label])
    for value, count in counts.items():
        found.add_metric([value], count)
    return found


def _total(name: str, words: str, count: int) -> Metric:
    return CounterMetricFamily(f"{_PREFIX}{name}", words, value=count)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{_PREFIX}{name}", words, value=value)


def _histogram(name: str, words: str, histogram: Histogram) -> Metric:
    bounds: Iterable[str] = (*(repr(bound) for bound in histogram.bounds), "+Inf")
    buckets = list(zip(bounds, map(float, histogram.cumulative()), strict=True))
    return HistogramMetricFamily(
        f"{_PREFIX}{name}_seconds", words, buckets=buckets, sum_value=histogram.total
    )
