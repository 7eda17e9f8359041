"""The documentation is right: what it allows is answered as it says, and nothing else is.

Bounded and the same in every run: schemathesis draws from a seed, and keeps no examples.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from itertools import count

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from engine.catalog import notebook
from engine.definition.needs import columns_of
from engine.live.service import Shown
from unit.live.api.cases import TOKEN, Scorer, app_of, shown

EXAMPLES = 30


class Busy(Scorer):
    """A scorer that always decides on something, so that a stream of it is soon long enough."""

    async def _told(self, _mine: deque[Shown]) -> AsyncIterator[Shown]:
        for sequence in count():
            yield shown(sequence)
            await asyncio.sleep(0.001)


APP = app_of(Busy(), token=TOKEN, rate=1e9, burst=10**6, tick=0.005)
CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 7,
        "generation": {
            "max-examples": EXAMPLES,
            "deterministic": True,
            "database": "none",
            # It takes a second to make another example of what fails.
            "no-shrink": True,
        },
        # A stream has no end; so many events of it, or so many seconds.
        "max-stream-events": 2,
        "request-timeout": 5,
    }
)
WITH = {"Authorization": f"Bearer {TOKEN}"}

schema = schemathesis.openapi.from_asgi("/openapi.json", APP, config=CONFIG, headers=WITH)


@schema.parametrize()
@settings(suppress_health_check=list(HealthCheck))
def test_answers_are_as_documented(case: schemathesis.Case) -> None:
    # Of events more is read than is documented: numbers as text, and text as numbers.
    body = case.meta and case.meta.components.get(ParameterLocation.BODY)
    lenient = body is not None and body.mode.is_negative
    case.call_and_validate(
        headers=WITH, excluded_checks=[negative_data_rejection] if lenient else []
    )


def test_the_documentation_names_what_is_read() -> None:
    event = schema.raw_schema["components"]["schemas"]["Event"]
    assert set(event["properties"]) == {"trans_num", *columns_of(notebook)}
    assert set(event["required"]) == {"trans_num", "unix_time", "cc_num", "amt", "merchant"}
    assert set(event["example"]) <= set(event["properties"])


def test_what_needs_the_token_is_documented() -> None:
    paths = schema.raw_schema["paths"]
    needs = {path for path, of in paths.items() for one in of.values() if one["security"]}
    assert set(paths) - needs == {"/health"}
    assert "security" not in app_of(Scorer()).openapi()["paths"]["/metrics"]["get"]
