"""What the dashboard asks is documented, and the documentation is right, as that of the API is."""

import schemathesis
from hypothesis import HealthCheck, settings

from engine.live.dashboard import routes
from unit.live.api.cases import TOKEN
from unit.live.api.test_openapi import CONFIG, WITH
from unit.live.dashboard.cases import FakeBoard, alert, app_of

APP = app_of(
    FakeBoard(held=[alert(sequence) for sequence in range(5)]),
    token=TOKEN,
    rate=1e9,
    burst=10**6,
)
everything = schemathesis.openapi.from_asgi("/openapi.json", APP, config=CONFIG, headers=WITH)
schema = everything.include(path_regex=r"^/(dashboard/.*|model|operations|report/.*)?$")


@schema.parametrize()
@settings(suppress_health_check=list(HealthCheck))
def test_answers_are_as_documented(case: schemathesis.Case) -> None:
    case.call_and_validate(headers=WITH)


def test_all_of_it_is_documented_and_needs_the_token() -> None:
    paths = everything.raw_schema["paths"]
    # What browsers ask for by themselves is not part of what programs may ask.
    assert routes.PATHS - set(paths) == {"/login"}
    assert not [path for path in paths if path.startswith("/static")]
    needs = {path for path, of in paths.items() for one in of.values() if one["security"]}
    assert set(paths) - needs == {"/health"}
