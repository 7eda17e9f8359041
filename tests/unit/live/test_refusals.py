"""Flags that come to nothing, one after the other, are told of once."""

from engine.live.flag import Outcome, Reply
from engine.live.refusals import Refusals
from engine.live.troubles import Troubles
from live.cases import Heard


def replies(*outcomes: Outcome, status: int | None = 404) -> list[Reply]:
    return [
        Reply(place, 1, 0, 200 if one is Outcome.RECORDED else status, one, None)
        for place, one in enumerate(outcomes)
    ]


def test_a_row_of_refusals_is_told_once_and_over_with_the_first_that_is_recorded() -> None:
    heard = Heard()
    refusals = Refusals(Troubles(heard))
    few = [Outcome.REFUSED] * 7
    refusals.after(replies(*few, Outcome.RECORDED, *few, Outcome.RETRY))
    assert heard.said == []
    refusals.after(replies(Outcome.REFUSED, Outcome.REFUSED))
    words = "one after the other is not recorded (was refused, answer 404)"
    assert heard.said == [("flags: trouble", {"why": words})]
    refusals.after(replies(Outcome.EXPIRED, status=None))
    assert heard.said[1:] == [
        ("flags: trouble", {"why": words.replace("refused, answer 404", "expired, no answer")})
    ]
    refusals.after(replies(Outcome.RECORDED, Outcome.RECORDED))
    assert heard.said[2:] == [("flags: well again", {})]
