"""What collections of garbage need not look at."""

import gc
import sys
from typing import Final

_known: Final = {"modules": 0}


def spare_modules() -> None:
    """Leave what was imported out of the collections to come.

    Spark lets a worker collect garbage after each task, which goes through all objects that are
    alive. Those of modules are most of them and stay: a tenth of a second for every task.
    """
    if len(sys.modules) != _known["modules"]:
        _known["modules"] = len(sys.modules)
        gc.collect()
        gc.freeze()
