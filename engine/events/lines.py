"""Splitting a block of CSV into lines that have the right number of fields, and others.

polars' own reader fills short lines with nulls and cuts long ones without a word, so fields are
counted here, over the block's bytes as one array.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.events.reasons import shown

_LF, _CR, _QUOTE = b'\n\r"'
_COUNTABLE: Final = 255  # separators in a line, as far as one byte can tell

type_Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
