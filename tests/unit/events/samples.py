"""Good lines, and a header for them."""

COLUMNS = ("cc_num", "unix_time", "amt", "merchant", "category", "lat", "is_fraud")
HEADER = "trans_num|cc_num|unix_time|amt|merchant|category|lat|is_fraud"
START = 1_758_834_000


def line(
    number: int,
    *,
    id_: str | None = None,
    at: int | None = None,
    amt: str = "1.25",
    lat: str = "40.5",
) -> str:
    """One good line of a CSV with HEADER; `number` sets its id and its time."""
    event = f"id-{number:04d}" if id_ is None else id_
    time = START + number if at is None else at
    return f'{event}|4111111111111111|{time}|{amt}|fraud_Rau, and "Sons"|home|{lat}|0'
