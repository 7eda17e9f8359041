"""What a build writes into its folder."""

from typing import Final

FEATURES: Final = "features.parquet"
NAMES: Final = "features.json"
BUILD: Final = "build.json"
QUARANTINE: Final = "quarantine.parquet"
OUTPUTS: Final = (FEATURES, QUARANTINE, NAMES, BUILD)
