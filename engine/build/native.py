"""Whether Spark's tasks read the inputs and write the results themselves, or one process does."""

from engine.build.options import Options
from engine.events.log import Log


def why_not_native(options: Options, log: Log) -> str | None:
    """Why the rows of a build by Spark pass through one process; None if they do not."""
    if options.state is not None:
        return "--state is gathered from them"
    other = next((file.name for file in log.files if file.kind != "parquet"), None)
    return None if other is None else f"{other} is not Parquet"
