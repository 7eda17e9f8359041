"""The feature sets that come with the project, by name."""

from typing import Final

from engine.catalog.notebook import notebook
from engine.catalog.pos import pos

SETS: Final = {features.name: features for features in (notebook, pos)}
