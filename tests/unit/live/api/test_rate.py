"""Who asks too much waits, who asks little does not, and memory is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from engine.live.api.rate import Rate, client_of


def test_a_burst_and_then_the_rate() -> None:
    rate = Rate(10.0, 3.0)
    assert [rate.wait("a", 1.0, 100.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    early = rate.wait("a", 1.0, 100.0)
    assert 0.09 < early < 0.11
    assert rate.wait("a", 1.0, 100.0 + early + 1e-9) == 0.0
    assert rate.wait("a", 1.0, 100.0 + early + 1e-9) > 0.0


def test_clients_do_not_wait_for_each_other() -> None:
    rate = Rate(1.0, 1.0)
    assert rate.wait("a", 1.0, 0.0) == 0.0
    assert rate.wait("a", 1.0, 0.0) > 0.0
    assert rate.wait("b", 1.0, 0.0) == 0.0


def test_what_is_refused_is_not_counted() -> None:
    rate = Rate(1.0, 2.0)
    assert rate.wait("a", 1.0, 0.0) == 0.0
    assert [rate.wait("a", 2.0, 0.0) for _ in range(5)] == [1.0] * 5
    assert rate.wait("a", 1.0, 0.0) == 0.0


def test_the_clients_are_bounded_and_the_silent_are_forgotten() -> None:
    rate = Rate(1.0, 1.0, most=3)
    for client in "abcad":  # b has been silent longest
        rate.wait(client, 1.0, 0.0)
        assert len(rate) <= 3
    assert rate.wait("c", 1.0, 0.0) > 0.0
    assert rate.wait("b", 1.0, 0.0) == 0.0


@given(
    st.lists(st.tuples(st.floats(0.0, 3.0), st.integers(1, 4)), max_size=40),
    st.floats(0.5, 20.0),
    st.floats(4.0, 30.0),
)
def test_no_span_lets_more_through_than_it_may(
    asked: list[tuple[float, int]], each: float, burst: float
) -> None:
    rate = Rate(each, burst)
    now, let = 0.0, []
    for pause, cost in asked:
        now += pause
        if rate.wait("a", cost, now) == 0.0:
            let.append((now, cost))
    for start in range(len(let)):
        for end in range(start, len(let)):
            through = sum(cost for _, cost in let[start : end + 1])
            assert through <= burst + each * (let[end][0] - let[start][0]) + 1e-6


def test_whose_an_address_is() -> None:
    assert client_of("192.0.2.7") == "192.0.2.7"
    assert client_of("2001:db8::1") == client_of("2001:db8::ffff:2")
    assert client_of("2001:db8::1") != client_of("2001:db8:0:1::1")
    assert client_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert client_of("fe80::1%eth0") == client_of("fe80::2%eth0")
    assert client_of("not:an:address") == "not:an:address"
