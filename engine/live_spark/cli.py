"""The command line of the live scorer on Spark."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast

from engine.arguments import LEAP_TEXT, amount, leap, seconds, whole
from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError
from engine.process import settle_in

if TYPE_CHECKING:
    import argparse

    from engine.live.notices import Log
    from engine.live_spark.options import Cluster, Outside
    from engine.live_spark.sources import Files, Kafka

_KEY: Final = "SENTINELPOS_API_KEY"
_KAFKA: Final = "SENTINELPOS_KAFKA"
# Everybody on the machine may read a command line.
_SECRET: Final = re.compile("password|jaas|secret|credential|token|ssl.*key$", re.IGNORECASE)
_DESCRIPTION: Final = """\
Score a stream with Spark Structured Streaming: the same state objects, decisions and flags as
python -m engine.live, for more cards and events than one machine has room for. Every event is
decided on once, and its decision is in the outbox before its flag is posted, whatever fails. It
ends when it is asked to (SIGTERM, SIGINT), and goes on from its checkpoint at the next start.

Events come from Kafka, whose values are their JSON, or from files of JSON lines in a folder; with
--stream, a stream of server-sent events is written into that folder."""

_EPILOG: Final = f"""\
The outbox is a ledger: python -m engine.ledger exports it, python -m replay replays that.

A file of --files appears when it is whole (write it as .NAME, then rename it), under a name that
never comes again, and is removed when it is done with. A line of it is one event:
  {{"offset": 17, "arrival": 1700000000000000, "event": "{{\\"trans_num\\": \\"a1\\", ...}}"}}
offset is its place, by which those of a micro-batch are put in order; arrival is when it came, in
microseconds since 1970 UTC, from which --deadline counts; event is the event's JSON as a text. What
is none is put into the outbox's quarantine, with a reason.

--kafka takes what Spark's Kafka source does, such as kafka.bootstrap.servers=HOST:PORT,
subscribe=TOPIC, startingOffsets=earliest, maxOffsetsPerTrigger=20000. What reads Kafka does not
come with pyspark: spark-submit --packages org.apache.spark:spark-sql-kafka-0-10_2.13:VERSION.

Options of Kafka may be in the environment too, as lines of NAME=VALUE in {_KAFKA}; those
with a password or another secret are there alone. The key for --stream and --flag is there alone
too, as {_KEY}.

{EXIT_CODES}
  3 the key is not taken

examples:
  python -m engine.live_spark --run runs/current --outbox outbox.db --checkpoint checkpoint \\
      --files events --stream https://example.org/stream --flag https://example.org/api/flag
  spark-submit --packages org.apache.spark:spark-sql-kafka-0-10_2.13:4.3.0 \\
      engine/live_spark/__main__.py --run runs/current --outbox outbox.db \\
      --checkpoint hdfs:///checkpoint --state online.state \\
      --kafka kafka.bootstrap.servers=broker:9092 --kafka subscribe=transactions"""

_OWNERS_ALONE: Final = 0o077
_LONGEST_DEADLINE: Final = 86_400
_MOST: Final = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], int]:
    parsed = _parser().parse_args(argv)
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    os.umask(_OWNERS_ALONE)  # outbox, files and checkpoint hold people's data
    settle_in()
    from engine.live.log import make_log, route_others  # noqa: PLC0415 - after threads are set
    from engine.live_spark.job import live_spark  # noqa: PLC0415 - the same
    from engine.live_spark.options import Options  # noqa: PLC0415 - the same

    # Spark and its workers need not know it.
    key = os.environ.pop(_KEY, "")
    source = _source(parsed, os.environ.pop(_KAFKA, ""))
    options = Options(
        run=Path(parsed.run),
        outbox=Path(parsed.outbox),
        checkpoint=parsed.checkpoint,
        source=source,
        state=None if parsed.state is None else Path(parsed.state),
        outside=_outside(parsed, key),
        cluster=_cluster(parsed),
        deadline=_deadline(parsed.deadline),
        post=_post(parsed.post),
        fallback=whole(parsed.fallback, "--fallback", 0, 1),
        leap=leap(parsed.leap),
        grace=seconds(parsed.grace, "--grace"),
    )
    log = make_log(secrets=[key, *getattr(source, "secrets", ())])
    route_others(log)
    # It takes more than a Log does; none of ours has a particular that is called event.
    return lambda: live_spark(options, cast("Log", log))


def _source(parsed: "argparse.Namespace", hidden: str) -> "Files | Kafka":
    from engine.live_spark.sources import Files, Kafka  # noqa: PLC0415 - with the others

    given = _pairs(parsed.kafka, "--kafka")
    for name in given:
        if _SECRET.search(name):
            raise InputError(
                f"--kafka: the command line is no place for a secret (was {name})",
                hint=f"give it in the environment, as a line of {_KAFKA}",
            )
    secret = _pairs([line for line in hidden.splitlines() if line.strip()], _KAFKA)
    options = secret | given
    if (parsed.files is None) == (not options):
        raise InputError(
            f"--files: events come from one place (was {parsed.files!r}, and of Kafka "
            f"{', '.join(options) or 'nothing'})",
            hint=f"give --files FOLDER, or --kafka NAME=VALUE some times, or {_KAFKA}",
        )
    if parsed.files is not None:
        most = whole(parsed.most_files, "--most-files", 1, _MOST)
        return Files(Path(parsed.files).resolve(), most)
    if parsed.stream is not None:
        raise InputError(
            f"--stream: is written into files (was {parsed.stream!r}, and --kafka)",
            hint="leave out one of the two",
        )
    # What is masked wherever it stands had better be no common word, as a topic's name may be.
    hidden_values = tuple(value for name, value in secret.items() if value and _SECRET.search(name))
    return Kafka(options, hidden_values)


def _pairs(texts: Sequence[str], where: str) -> dict[str, str]:
    """Options of Kafka by their names; a value is never told."""
    found = {}
    for place, text in enumerate(texts, 1):
        name, between, value = text.strip().partition("=")
        if not (name and between):
            raise InputError(
                f"{where}: not an option (was the one at place {place}, without a name and =)",
                hint="give one such as subscribe=transactions",
            )
        found[name] = value
    return found


def _outside(parsed: "argparse.Namespace", key: str) -> "Outside":
    from engine.live.endpoint import check_key, read_endpoint  # noqa: PLC0415 - with the others
    from engine.live_spark.options import Outside  # noqa: PLC0415 - with the others

    for url, option in ((parsed.stream, "--stream"), (parsed.flag, "--flag")):
        if url is not None:
            read_endpoint(url, option)
            check_key(key, _KEY)
    return Outside(
        stream=parsed.stream,
        flag=parsed.flag,
        key=key,
        ca_file=None if parsed.ca_file is None else Path(parsed.ca_file),
        insecure=parsed.insecure,
        connections=whole(parsed.connections, "--connections", 1, 1_000),
    )


def _cluster(parsed: "argparse.Namespace") -> "Cluster":
    from engine.live_spark.options import Cluster  # noqa: PLC0415 - with the others

    tasks, buckets, trigger = parsed.partitions, parsed.buckets, parsed.trigger
    return Cluster(
        master=parsed.master,
        partitions=None if tasks is None else whole(tasks, "--partitions", 1, _MOST),
        buckets=None if buckets is None else whole(buckets, "--buckets", 1, _MOST),
        trigger=None
        if trigger is None
        else f"{round(1_000 * seconds(trigger, '--trigger'))} milliseconds",
    )


def _deadline(text: str) -> float:
    found = amount(text.removesuffix("s"), "--deadline")
    if not 0 < found <= _LONGEST_DEADLINE:
        raise InputError(
            f"--deadline: not a time to answer in (was {text!r})",
            hint=f"give seconds above 0 and up to {_LONGEST_DEADLINE:,}",
        )
    return found


def _post(text: str) -> Literal["all", "fraud"]:
    if text == "all":
        return "all"
    if text == "fraud":
        return "fraud"
    raise InputError(f"--post: no such choice (was {text!r})", hint="give all or fraud")


def _parser() -> Parser:
    parser = Parser("python -m engine.live_spark", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("--run", required=True, metavar="DIR", help="the run that decides, where workers read it")
    add("--outbox", required=True, metavar="FILE", help="the ledger that decisions go into first")
    add(
        "--checkpoint",
        required=True,
        metavar="DIR",
        help="where the query keeps its state: a folder, or a URL of Spark's",
    )
    add("--files", default=None, metavar="DIR", help="folder that files of JSON lines come into")
    add(
        "--most-files",
        default="64",
        metavar="N",
        help="files that a micro-batch takes, at most (default: %(default)s)",
    )
    add("--kafka", action="append", default=[], metavar="NAME=VALUE", help="option of the source")
    add("--stream", default=None, metavar="URL", help="stream to write into the folder of --files")
    add("--flag", default=None, metavar="URL", help="where flags are posted (default: nowhere)")
    add(
        "--state",
        default=None,
        metavar="FILE",
        help="online state of a first start, as engine.build --state makes it",
    )
    add("--master", default=None, metavar="MASTER", help="Spark's master, such as local[2]")
    add("--partitions", default=None, metavar="N", help="tasks of a micro-batch, for good")
    add("--buckets", default=None, metavar="N", help="parts that the state has, for good")
    add("--trigger", default=None, metavar="SPAN", help="between micro-batches, at least")
    add(
        "--deadline",
        default="30",
        metavar="SECONDS",
        help="time to answer an event in, from when it has come (default: %(default)s)",
    )
    add("--post", default="all", metavar="WHAT", help="all or fraud (default: %(default)s)")
    add(
        "--fallback",
        default="0",
        metavar="0/1",
        help="what is decided on what the model cannot score (default: %(default)s)",
    )
    add(
        "--leap",
        default=LEAP_TEXT,
        metavar="SPAN",
        help="how far an event's clock may be off the stream's and be believed, or none "
        "(default: %(default)s)",
    )
    add("--connections", default="64", metavar="N", help="for flags (default: %(default)s)")
    add("--ca-file", default=None, metavar="FILE", help="certificates to trust, and no others")
    add("--insecure", action="store_true", help="trust whatever certificate is shown")
    add("--grace", default="30s", metavar="SPAN", help="time to post the rest (default: 30s)")
    return parser
