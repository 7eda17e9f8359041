"""Distances on the sphere.

Sines, cosines and arcsines are polars', because those come from the C library like every other
backend's; NumPy's own need not round alike.
"""

import numpy as np
import polars as pl
import pyarrow as pa

from engine.backends.polars.layout import FloatArray
from engine.compiled import FLOATS, compiled
from engine.definition.functions import EARTH_DIAMETER_KM, RADIANS_PER_DEGREE


def haversine_km(places: list[pl.Series]) -> pl.Series:
    """Great-circle distances.

    Parameters
    ----------
    places
        (n,) lat1, long1, lat2, long2 in degrees.

    Returns
    -------
    polars.Series
        (n,) km; null where one of the four is. The formula is the registry's, in its order.
    """
    numbers = [_numbers(place) for place in places]
    angles = pl.DataFrame(dict(zip("uvwz", _angles(*numbers), strict=True)))
    waves = angles.select(pl.col("u", "v").sin(), pl.col("w", "z").cos())
    chords = pl.DataFrame({"root": _chords(*(wave.to_numpy() for wave in waves))})
    km = chords.select(pl.col("root").arcsin() * EARTH_DIAMETER_KM).to_series()
    null = np.zeros(len(km), dtype=bool)
    for place in places:
        if place.null_count():
            null |= place.is_null().to_numpy()
    return pl.Series(pa.array(km.to_numpy(), mask=null)) if null.any() else km


@compiled((FLOATS, FLOATS, FLOATS, FLOATS))
def _angles(
    lat1: FloatArray, long1: FloatArray, lat2: FloatArray, long2: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Half the differences of latitude and longitude, and both latitudes, in radians."""
    half_lat, half_long = np.empty_like(lat1), np.empty_like(lat1)
    first, second = np.empty_like(lat1), np.empty_like(lat1)
    for row in range(len(lat1)):
        half_lat[row] = (lat2[row] - lat1[row]) * RADIANS_PER_DEGREE * 0.5
        half_long[row] = (long2[row] - long1[row]) * RADIANS_PER_DEGREE * 0.5
        first[row] = lat1[row] * RADIANS_PER_DEGREE
        second[row] = lat2[row] * RADIANS_PER_DEGREE
    return half_lat, half_long, first, second


@compiled((FLOATS, FLOATS, FLOATS, FLOATS))
def _chords(u: FloatArray, v: FloatArray, cos1: FloatArray, cos2: FloatArray) -> FloatArray:
    """Half the chord between two places on the unit sphere."""
    result = np.empty_like(u)
    for row in range(len(u)):
        h = u[row] * u[row] + (cos1[row] * cos2[row]) * (v[row] * v[row])
        result[row] = np.sqrt(h if not h > 1.0 else 1.0)
    return result


def _numbers(values: pl.Series) -> FloatArray:
    return (values.fill_null(0.0) if values.null_count() else values).to_numpy()
