from engine.catalog import notebook
from engine.definition import POS
from engine.definition.nodes import Aggregate, Call, Expression

# The order of the columns that models are trained on.
NAMES = (
    "age",
    "log_amt",
    "hour",
    "dow",
    "is_night",
    "city_pop",
    "lat",
    "long",
    "merch_lat",
    "merch_long",
    "velocity_60s",
    "velocity_5m",
    "velocity_15m",
    "velocity_1h",
    "unique_merchants_15m",
    "unique_categories_15m",
    "seen_merchant_before",
    "user_merchant_dist_km",
    "time_since_last_s",
    "time_since_last_merchant_s",
    "user_mean_amt_24h",
    "user_std_amt_24h",
    "user_amt_delta",
    "amt_z_user",
    "gender_M",
    "gender_F",
)


def test_the_26_features_are_in_their_order() -> None:
    assert notebook.names == NAMES
    assert notebook.schema is POS


def test_every_window_is_of_a_card_and_without_delay() -> None:
    aggregates = [node for feature in notebook.features for node in walk(feature.expression)]
    assert aggregates
    assert {node.key[0] for node in aggregates} == {"cc_num"}
    assert {node.window.delay for node in aggregates} == {0}


def test_every_feature_is_explained() -> None:
    assert all(feature.doc for feature in notebook.features)


def walk(expression: Expression) -> list[Aggregate]:
    match expression:
        case Aggregate():
            return [expression]
        case Call(_, args):
            return [node for arg in args for node in walk(arg)]
        case _:
            return []
