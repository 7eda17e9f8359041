"""The simulated stream: what its rows are, and that the seed alone decides them."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from engine.errors import InputError
from engine.events.training_file import TRAINING_COLUMNS
from replay.simulate import Settings, simulate, stream
from replay.simulate.episodes import ORDINARY, Events
from replay.simulate.frame import Columns
from replay.simulate.fraud import Behaviour

ORDINARY_SIZE = Settings(rows=120_000, cards=1_000, days=120, seed=7)
TEXT = {
    "ssn", "first", "last", "gender", "street", "city", "state", "zip", "job", "dob", "trans_num",
    "trans_date", "trans_time", "category", "merchant", "transaction_id",
}  # fmt: skip


def frame_of(settings: Settings) -> pl.DataFrame:
    return pl.concat(simulate(settings))


@pytest.fixture(scope="module")
def behaviours() -> list[np.ndarray]:
    return []


@pytest.fixture(scope="module")
def frame(behaviours: list[np.ndarray]) -> pl.DataFrame:
    """An ordinary simulation, with the internal behaviour of each row as a further column."""
    original = Columns.frame

    def spy(self: Columns, events: Events, rng: np.random.Generator) -> pl.DataFrame:
        behaviours.append(events.behaviour)
        return original(self, events, rng)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Columns, "frame", spy)
        made = frame_of(ORDINARY_SIZE)
    return made.with_columns(behaviour=pl.Series(np.concatenate(behaviours)))


def test_columns_are_those_of_a_training_file(frame: pl.DataFrame) -> None:
    made = frame.drop("behaviour")
    assert made.columns == list(TRAINING_COLUMNS)
    assert {c for c, t in made.schema.items() if t == pl.String} == TEXT
    assert made.schema["cc_num"] == pl.UInt64
    assert all(made.schema[c] == pl.Int64 for c in ("unix_time", "city_pop", "acct_num"))
    assert made.schema["is_fraud"] == pl.Int64
    assert made.schema["amt"] == pl.Float64
    assert sum(made.null_count().row(0)) == 0


@pytest.mark.parametrize(
    ("rows", "cards"),
    [(1, 1), (10, 5_000), (999, 40), (250_001, 2_000)],
)
def test_makes_exactly_the_rows_asked_for(rows: int, cards: int) -> None:
    made = frame_of(Settings(rows=rows, cards=cards, days=9))
    assert made.height == rows
    assert made["unix_time"].is_sorted()
    assert made["cc_num"].n_unique() <= cards
    assert made["is_fraud"].sum() == round(rows * 0.006)


@pytest.mark.parametrize(
    ("rows", "fraud_rate"), [(2, 0.5), (4_000, 0.0), (4_000, 0.003), (4_000, 0.5)]
)
def test_fraud_rows_are_exact(rows: int, fraud_rate: float) -> None:
    settings = Settings(rows=rows, cards=50, days=40, fraud_rate=fraud_rate)
    simulation = stream.Simulation(settings)
    made = pl.concat(simulation.chunks())
    assert made.height == rows
    assert made["is_fraud"].sum() == round(rows * fraud_rate)
    assert sum(simulation.plan.fraud_rows().values()) == round(rows * fraud_rate)


def test_times_stay_in_the_span_and_fill_it(frame: pl.DataFrame) -> None:
    start = ORDINARY_SIZE.start_seconds
    times = frame["unix_time"].to_numpy() - start
    assert start == 1_735_689_600
    assert times.min() >= 0
    assert times.max() < ORDINARY_SIZE.span_seconds
    assert len(np.unique(times // 86_400)) == ORDINARY_SIZE.days


def test_start_moves_the_span() -> None:
    made = frame_of(Settings(rows=500, cards=20, days=2, start=date(2030, 2, 27)))
    assert made["unix_time"].min() >= 1_898_380_800
    assert made["unix_time"].max() < 1_898_380_800 + 2 * 86_400


def test_the_seed_decides_everything(frame: pl.DataFrame) -> None:
    again = frame_of(ORDINARY_SIZE)
    assert again.equals(frame.drop("behaviour"))
    other = frame_of(Settings(rows=2_000, cards=1_000, days=120, seed=8))
    assert not set(other["trans_num"]) & set(frame["trans_num"])
    assert set(other["ssn"]) != set(frame["ssn"])


def test_chunks_follow_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK_ROWS", 3_000)
    # Busy enough for same-second ties and slow episodes across the borders.
    settings = Settings(rows=40_000, cards=100, days=30, fraud_rate=0.05)
    simulation = stream.Simulation(settings)
    chunks = list(simulation.chunks())
    assert len(chunks) == 14
    made = pl.concat(chunks)
    assert made.height == 40_000
    assert made["unix_time"].is_sorted()
    assert made["is_fraud"].sum() == 2_000
    assert made["trans_num"].n_unique() == 40_000
    assert pl.concat(simulation.chunks()).equals(made)


def test_encoded_chunks_hold_the_same_values() -> None:
    simulation = stream.Simulation(Settings(rows=5_000, cards=200, days=10))
    plain, encoded = pl.concat(simulation.chunks()), pl.concat(simulation.chunks(encoded=True))
    assert isinstance(encoded.schema["city"], pl.Enum)
    assert encoded.cast(plain.schema).equals(plain)


def test_ids_are_unique_and_well_formed(frame: pl.DataFrame) -> None:
    assert frame["trans_num"].n_unique() == frame.height
    assert frame["transaction_id"].n_unique() == frame.height
    assert frame["trans_num"].str.contains(r"^[0-9a-f]{32}$").all()
    uuid4 = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
    assert frame["transaction_id"].str.contains(uuid4).all()
    # Every digit is used at every free position.
    assert all(frame["trans_num"].str.slice(i, 1).n_unique() == 16 for i in range(32))
    free = [i for i in range(36) if i not in {8, 13, 14, 18, 19, 23}]
    assert all(frame["transaction_id"].str.slice(i, 1).n_unique() == 16 for i in free)


def luhn_valid(number: int) -> bool:
    digits = [int(d) for d in reversed(str(number))]
    doubled = [sum(divmod(2 * d, 10)) for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def test_cards_are_distinct_luhn_valid_numbers_of_many_lengths(frame: pl.DataFrame) -> None:
    cards = frame["cc_num"].unique()
    assert all(luhn_valid(card) for card in cards)
    lengths = cards.cast(pl.String).str.len_chars()
    assert {11, 12, 13, 16, 19} <= set(lengths)
    assert (lengths == 16).mean() > 0.5
    rest = [c for c in TRAINING_COLUMNS[:15] if c != "cc_num"]
    by_card = frame.group_by("cc_num").agg(pl.col(rest).n_unique())
    assert by_card.select(pl.col(rest).max()).row(0) == (1,) * 14
    for column in ("ssn", "acct_num"):
        assert frame[column].n_unique() == len(cards)


def test_people_look_like_people(frame: pl.DataFrame) -> None:
    assert set(frame["gender"]) == {"M", "F"}
    assert frame["zip"].str.contains(r"^\d{5}$").all()
    assert frame["zip"].str.starts_with("0").any()
    born = frame["dob"].str.to_date("%Y-%m-%d")
    assert born.max() < date(2007, 1, 2)
    assert born.min() > date(1930, 1, 1)
    assert frame["lat"].is_between(20, 62).all()
    assert frame["long"].is_between(-159, -67).all()


def test_merchants_carry_commas_apostrophes_and_ampersands(frame: pl.DataFrame) -> None:
    merchants = frame["merchant"].unique()
    assert merchants.str.starts_with("fraud_").all()
    for mark in (",", "'", " & "):
        assert merchants.str.contains(mark, literal=True).any()
    for column in TEXT:
        assert not frame[column].str.contains(r'[|"\n]').any()


def test_local_time_is_the_zone_of_the_longitude(frame: pl.DataFrame) -> None:
    local = (frame["trans_date"] + " " + frame["trans_time"]).str.to_datetime("%Y-%m-%d %H:%M:%S")
    offset = local.dt.epoch("s") - frame["unix_time"]
    assert set(offset // 3600) <= set(range(-11, -3))
    assert (offset % 3600 == 0).all()
    per_card = pl.DataFrame({"card": frame["cc_num"], "offset": offset}).group_by("card")
    assert per_card.agg(pl.col("offset").n_unique())["offset"].max() == 1


def test_amounts_are_whole_cents(frame: pl.DataFrame) -> None:
    amounts = frame["amt"].to_numpy()
    assert (np.round(amounts * 100) / 100 == amounts).all()
    assert amounts.min() >= 0.5


def test_amounts_suit_the_category(frame: pl.DataFrame) -> None:
    legit = frame.filter(is_fraud=0).group_by("category").agg(pl.col("amt").quantile(0.999))
    high = dict(legit.iter_rows())
    assert high["transit"] < 60
    assert high["electronics"] > 1_000


def test_coordinates_have_their_decimals(frame: pl.DataFrame) -> None:
    for column, decimals in (("lat", 4), ("long", 4), ("merch_lat", 6), ("merch_long", 6)):
        values = frame[column].to_numpy()
        assert (np.round(values, decimals) == values).all()


def test_ties_of_a_card_and_of_different_cards_exist(frame: pl.DataFrame) -> None:
    legit = frame.filter(is_fraud=0)
    per_card = legit.group_by("cc_num", "unix_time").len()
    assert (per_card["len"] > 1).sum() > 500
    assert (per_card["len"] > 2).any()
    assert (per_card.group_by("unix_time").len()["len"] > 1).any()


def test_a_hot_card_has_very_many_ties() -> None:
    made = frame_of(Settings(rows=100_000, cards=1, days=1))
    assert made["cc_num"].n_unique() == 1
    assert made["unix_time"].n_unique() < 60_000


def test_every_behaviour_occurs_and_is_like_itself(frame: pl.DataFrame) -> None:
    ordered = frame.sort("cc_num", "unix_time", maintain_order=True)
    gap = pl.col("unix_time").diff().over("cc_num", "behaviour")
    stats = {
        row["behaviour"]: row
        for row in ordered.with_columns(gap=gap)
        .group_by("behaviour")
        .agg(
            n=pl.len(),
            amt=pl.col("amt").median(),
            gap=pl.col("gap").median(),
            tie=(pl.col("gap") == 0).mean(),
        )
        .to_dicts()
    }
    assert set(stats) == {ORDINARY, *Behaviour}
    assert sum(stats[b]["n"] for b in Behaviour) == 720
    assert stats[Behaviour.STOLEN_CARD]["amt"] > 2 * stats[ORDINARY]["amt"]
    assert stats[Behaviour.STOLEN_CARD]["gap"] < 1_800
    assert stats[Behaviour.CARD_TESTING]["amt"] < 5
    assert stats[Behaviour.CARD_TESTING]["tie"] > 0.15
    assert stats[Behaviour.SKIMMING]["gap"] > 86_400


def test_victims_of_a_breach_bought_at_the_merchant_before() -> None:
    plan = stream.Simulation(ORDINARY_SIZE).plan
    breached = plan.behaviour == Behaviour.COMPROMISED_MERCHANT
    assert ((plan.visit >= 0) == breached).all()
    assert (plan.visit[breached] < plan.first[breached]).all()
    victims = np.bincount(plan.place[breached])
    assert victims.max() > 3


def test_legitimate_purchases_go_on_beside_fraud(frame: pl.DataFrame) -> None:
    day = frame.with_columns(day=pl.col("unix_time") // 86_400)
    per_day = day.group_by("cc_num", "day").agg(
        fraud=pl.col("is_fraud").sum(), legit=(pl.col("is_fraud") == 0).sum()
    )
    assert per_day.filter(pl.col("fraud") > 0).select((pl.col("legit") > 0).mean()).item() > 0.5


def test_no_simple_property_gives_fraud_away(frame: pl.DataFrame) -> None:
    by_category = frame.group_by("category").agg(fraud=pl.col("is_fraud").mean())
    assert by_category["fraud"].max() < 0.1
    legit, fraud = frame.filter(is_fraud=0), frame.filter(is_fraud=1)
    high = fraud["amt"].quantile(0.9)
    assert (legit["amt"] > high).sum() > (fraud["amt"] > high).sum()
    night = legit["trans_time"].str.slice(0, 2).cast(pl.Int64).is_in([0, 1, 2, 3, 4])
    assert night.mean() > 0.03
    # Bursts of holders, too: five or more purchases within one quarter of an hour.
    quarters = legit.group_by("cc_num", pl.col("unix_time") // 900).len()
    assert (quarters["len"] >= 5).sum() > 20
    far = (legit["lat"] - legit["merch_lat"]).abs() > 5
    online = legit["category"].is_in(["online_retail", "digital_goods", "food_delivery"])
    assert (far & ~online).sum() > fraud.height


def test_days_have_a_rhythm(frame: pl.DataFrame) -> None:
    hour = frame["trans_time"].str.slice(0, 2).cast(pl.Int64)
    counts = hour.value_counts().sort("trans_time")["count"]
    assert counts[17] > 2.5 * counts[3]
    commute = frame.filter(pl.col("category") == "transit")["trans_date"].str.to_date("%Y-%m-%d")
    assert (commute.dt.weekday() >= 6).mean() < 0.2


def online_growth(drift: float) -> float:
    made = frame_of(Settings(rows=60_000, cards=2_000, days=140, drift=drift, fraud_rate=0))
    share = made["category"].is_in(["online_retail", "digital_goods", "food_delivery"])
    return share.tail(15_000).mean() / share.head(15_000).mean()


def test_drift_moves_the_mix_of_categories_and_none_does_not() -> None:
    assert online_growth(0.0) == pytest.approx(1.0, abs=0.06)
    assert online_growth(0.4) > 1.15
    assert online_growth(1.0) > 1.6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rows", 0),
        ("rows", True),
        ("rows", 1.5),
        ("cards", 0),
        ("seed", -1),
        ("days", 0),
        ("days", 20_001),
        ("fraud_rate", -0.1),
        ("fraud_rate", 0.51),
        ("fraud_rate", float("nan")),
        ("drift", 1.01),
        ("start", date(1969, 12, 31)),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=r"(?s)^--[a-z-]+: cannot simulate .* \(was .*\)\nhint: "):
        Settings(**{name: value})
