"""Distances on the sphere.

The arithmetic is NumPy's, which is fastest at it; sines, cosines and arcsines are polars', because
those come from the C library like every other backend's, and NumPy's own need not round alike.
"""

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from engine.definition.functions import EARTH_DIAMETER_KM, RADIANS_PER_DEGREE

FloatArray = npt.NDArray[np.float64]


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
    lat1, long1, lat2, long2 = (_numbers(place) for place in places)
    angles = pl.DataFrame(
        {
            "u": (lat2 - lat1) * RADIANS_PER_DEGREE * 0.5,
            "v": (long2 - long1) * RADIANS_PER_DEGREE * 0.5,
            "w1": lat1 * RADIANS_PER_DEGREE,
            "w2": lat2 * RADIANS_PER_DEGREE,
        }
    ).select(pl.col("u", "v").sin(), pl.col("w1", "w2").cos())
    u, v, cos1, cos2 = (angles[name].to_numpy() for name in ("u", "v", "w1", "w2"))
    h = u * u + (cos1 * cos2) * (v * v)
    np.minimum(h, 1.0, out=h)
    np.sqrt(h, out=h)
    km = pl.Series(h).to_frame("h").select(pl.col("h").arcsin() * EARTH_DIAMETER_KM)["h"]
    null = np.zeros(len(h), dtype=bool)
    for place in places:
        if place.null_count():
            null |= place.is_null().to_numpy()
    return pl.Series(pa.array(km.to_numpy(), mask=null)) if null.any() else km


def _numbers(values: pl.Series) -> FloatArray:
    return (values.fill_null(0.0) if values.null_count() else values).to_numpy()
