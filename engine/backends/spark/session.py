"""Sessions of Spark: one at a time in a process, opened and stopped here, or somebody else's.

pyspark is imported inside: without the extra, and until a session is wanted, nothing of it is.
"""

import atexit
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.aside import interruptible
from engine.backends.spark.java import require_spark
from engine.errors import InputError, OutputError, SentinelError
from engine.events.disk import scratch_folder, writing
from engine.interrupts import put_off, set_again
from engine.process import processors

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Of Spark's own process; what the kernels take is Python's, beside it.
LEAST_MEMORY: Final = 1 << 30
ARROW_ROWS: Final = 65_536  # in a batch between Spark and Python

_T = TypeVar("_T")

_LOG: Final = "spark.log"
_LONGEST_FOLDER: Final = 50  # of a path with a socket, which has a hundred bytes or so
_TOLD_LINES: Final = 5
_GRACE_SECONDS: Final = 15
_MOMENT_SECONDS: Final = 2.0

# What a session needs for the values to be what they are, whoever has opened it.
_NEEDED: Final[Mapping[str, str]] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(ARROW_ROWS),
    # Partitions are as many as the plan says: each holds the whole history of its keys.
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
}
# The process's own mask is passed over: every store has modes of its own.
_HIDDEN: Final[Mapping[str, str]] = {"spark.hadoop.fs.permissions.umask-mode": "077"}


@contextmanager
def session(
    master: str | None = None,
    *,
    threads: int | None = None,
    memory: int = LEAST_MEMORY,
    scratch: Path | None = None,
    settings: Mapping[str, str] | None = None,
    java: Sequence[str] = (),
    hidden: bool = False,
) -> "Iterator[SparkSession]":
    """The session that the process has, or else one that ends with the block.

    However the block ends, nothing is left running of what was started here. What is asked of Spark
    is best asked within ``waited_for``, so that signals are heard meanwhile.

    Parameters
    ----------
    master
        Spark's master; None for this machine, or for what ``spark-submit`` was told. A session that
        there is already stays on its own.
    threads
        How many threads of this machine, where it is this machine; None for all processors.
    memory
        How many bytes Spark's own process may take on this machine, at least ``LEAST_MEMORY``.
    scratch
        A folder for what Spark puts aside, on a disk with room; None for the system's.
    settings
        More settings of Spark, for this block.
    java
        More options of Java, where Spark's own process is started here.
    hidden
        Whether files that are written by Spark are their owner's alone, where it is started here.

    Raises
    ------
    InputError
        If Spark or Java are missing, or Spark does not start.
    OutputError
        If Spark's own process has ended in the block.
    """
    require_spark()
    _import_quietly()
    from pyspark import SparkContext  # noqa: PLC0415 - see above
    from pyspark.sql import SparkSession  # noqa: PLC0415 - see above

    with ExitStack() as stack:
        if SparkContext._active_spark_context is None:  # noqa: SLF001 - there is no other way to ask
            more = _HIDDEN if hidden else {}
            owned = _Owned(master, threads or processors(), memory, scratch, java, more)
            # A signal that was put off until it has started is heard when its end is certain.
            with put_off():
                stack.enter_context(owned)
        # Its settings are its own: a session that is somebody else's stays as it was.
        with quiet(), put_off():
            own = SparkSession.builder.getOrCreate().newSession()
            for name, value in {**_NEEDED, **(settings or {})}.items():
                own.conf.set(name, value)
        try:
            yield own
        except SentinelError:
            raise
        except Exception as error:
            refuse_ended(error)
            raise


_owned: "list[_Owned]" = []
_shared = ExitStack()
_sharing = threading.Lock()


def shared_session() -> "SparkSession":
    """A session that is opened once, and stopped when the process ends: for many small frames."""
    with _sharing:
        found: SparkSession | None = getattr(_shared, "session", None)
        if found is None or found.sparkContext._jsc is None:  # noqa: SLF001 - stopped meanwhile
            require_spark()
            _shared.close()
            with put_off():
                found = _shared.enter_context(session())
                _shared.session = found  # type: ignore[attr-defined] # kept with what ends it
                atexit.register(_shared.close)
        return found


def waited_for(work: Callable[[], _T]) -> _T:
    """What ``work`` returns, which asks something of Spark; a signal ends Spark's own process.

    If that process is somebody else's, its jobs are cancelled in place of that.

    Raises
    ------
    OutputError
        If Spark's own process has ended meanwhile.
    """
    try:
        return interruptible(work, _give_up)
    except Exception as error:
        refuse_ended(error)
        raise


def refuse_ended(error: BaseException | None = None) -> None:
    """Say so if Spark's own process, which was started here, has ended by itself.

    Parameters
    ----------
    error
        What somebody who asked something of it got to see.

    Raises
    ------
    OutputError
        If it has.
    """
    if _owned and _owned[-1].has_ended(patient=_is_lost(error)):
        raise OutputError(
            f"Spark's process has ended (was: {_owned[-1].told()})",
            hint="if its memory ran out, give it more (--memory, of a build); if the machine's "
            "did, give it less to do at once; else see who has ended it",
        ) from error


def told_by_spark(error: BaseException | None = None) -> str:
    """What Spark says about a failure, in a line or a few, while its process is there."""
    said = "" if error is None else words_of(error)
    return _owned[-1].told(said) if _owned else _first_lines(said, "")


def _is_lost(error: BaseException | None) -> bool:
    """Whether an error is that nobody answers, or may be: then the process is about to end."""
    from py4j.protocol import Py4JError, Py4JJavaError  # noqa: PLC0415 - see above

    return isinstance(error, Py4JError | ConnectionError | EOFError) and not isinstance(
        error, Py4JJavaError
    )


def _give_up() -> None:
    if _owned:
        _owned[-1].end_at_once()
        return
    from pyspark import SparkContext  # noqa: PLC0415 - see above

    context = SparkContext._active_spark_context  # noqa: SLF001 - see above
    if context is not None:
        context.cancelAllJobs()


class _Owned:
    """A context of Spark and the process it is in, both started here."""

    def __init__(
        self,
        master: str | None,
        threads: int,
        memory: int,
        scratch: Path | None,
        java: Sequence[str],
        more: Mapping[str, str],
    ) -> None:
        self._java = require_spark()
        self._master = master
        if master is None and "PYSPARK_GATEWAY_PORT" not in os.environ:
            self._master = f"local[{threads}]"
        self._memory = max(memory, LEAST_MEMORY)
        self._options = java
        self._more = more
        self._scratch = scratch
        self._folder = Path()
        self._sockets = ExitStack()
        self._sockets_folder = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._context: Any = None

    def end_at_once(self) -> None:
        """End the process; whatever waits for it fails."""
        if self._process is not None:
            self._process.terminate()

    def has_ended(self, *, patient: bool) -> bool:
        """Whether the process is no more; who is patient gives it a moment to end."""
        if self._process is None:
            return False
        if patient:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_MOMENT_SECONDS)
        return self._process.poll() is not None

    def told(self, said: str = "") -> str:
        """What it says of its failure, in a line or a few, after what somebody heard of it."""
        logged = ""
        with suppress(OSError):
            logged = (self._folder / _LOG).read_text("utf-8", "replace")
        code = None if self._process is None else self._process.poll()
        return _first_lines(said, logged) or f"exit code {code}"

    def __enter__(self) -> None:
        place = self._scratch or Path(tempfile.gettempdir())
        # Some seconds, of which half would be worse to clear up than to wait for.
        with writing(place), put_off():
            self._folder = Path(tempfile.mkdtemp(prefix="spark-", dir=self._scratch))
            try:
                # Scratch may have a long path, or be of a kind that has no sockets.
                near = Path(tempfile.gettempdir())
                self._sockets_folder = self._sockets.enter_context(scratch_folder(near))
                self._start()
                set_again()
            except BaseException:
                self._end(at_once=True)
                raise
            _owned.append(self)

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        # Interrupted in the midst of asking Spark something, an answer is still on its way: nothing
        # more can be asked of it.
        with put_off():
            _owned.remove(self)
            self._end(at_once=kind is not None and not issubclass(kind, Exception))

    def _start(self) -> None:
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - see above
        from pyspark.java_gateway import launch_gateway  # noqa: PLC0415 - see above

        # It says at each turn that it has lost a connection, which is how sessions end.
        logging.getLogger("py4j").setLevel(logging.CRITICAL)
        logging.getLogger().addFilter(_is_not_of_a_lost_connection)
        conf = SparkConf(loadDefaults=False)
        for name, value in self._settings().items():
            conf.set(name, value)
        log = self._folder / _LOG
        try:
            with log.open("wb") as errors, _environment(self._environment()), _own_signals():
                gateway = launch_gateway(conf, {"stderr": errors, "stdout": errors})
                self._process = gateway.proc
                with quiet():
                    self._context = SparkContext(conf=conf, gateway=gateway)
        except Exception as error:
            raise InputError(
                f"Spark does not start (was: {self.told(words_of(error)) or type(error).__name__})",
                hint="see that --master is one of Spark's and that there is memory for Java",
            ) from error
        self._context.setLogLevel("ERROR")
        # It prints a traceback when what it listens to is ended.
        self._context._accumulatorServer.handle_error = _nothing  # noqa: SLF001 - see above

    @property
    def _is_local(self) -> bool:
        return self._master is not None and self._master.startswith("local")

    def _environment(self) -> dict[str, str]:
        environment = {"JAVA_HOME": str(self._java)}
        if self._is_local:
            environment |= {"PYSPARK_PYTHON": sys.executable}
        return environment

    def _settings(self) -> dict[str, str]:
        settings = {
            "spark.app.name": "sentinelpos",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.maxResultSize": "0",
            # A numerical kernel has one thread, its task's.
            "spark.executorEnv.POLARS_MAX_THREADS": "1",
            "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
            "spark.executorEnv.OMP_WAIT_POLICY": "passive",
            **_NEEDED,
            **self._more,
        }
        if self._master is not None:
            settings["spark.master"] = self._master
        if self._is_local:
            # Where these modules are, in whatever way they were found here.
            ours = str(Path(__file__).parents[3])
            settings |= {
                # Python waits for the first bytes of each task by TCP as long as an answer is put
                # off in the hope of more, four hundredths of a second.
                "spark.python.unix.domain.socket.enabled": str(self._has_sockets).lower(),
                "spark.python.unix.domain.socket.dir": str(self._sockets_folder),
                "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.ui.enabled": "false",
                "spark.driver.memory": f"{self._memory >> 20}m",
                # Blobs of megabytes are many regions of the usual collector's.
                "spark.driver.extraJavaOptions": " ".join(
                    (
                        "-XX:-UsePerfData",
                        "-XX:+UseParallelGC",
                        # Libraries are unpacked there, which somebody who is killed leaves.
                        f'"-Djava.io.tmpdir={self._folder}"',
                        *self._options,
                    )
                ),
                # To the disk of the same machine: packing takes longer than writing.
                "spark.shuffle.compress": "false",
                "spark.shuffle.spill.compress": "false",
                "spark.local.dir": str(self._folder),
                "spark.sql.warehouse.dir": str(self._folder / "warehouse"),
                "spark.sql.artifact.isolation.enabled": "false",
                "spark.executorEnv.PYTHONPATH": ours,
            }
        return settings

    @property
    def _has_sockets(self) -> bool:
        """Whether sockets can be files: the paths of these have to be short."""
        return len(os.fsencode(self._sockets_folder)) <= _LONGEST_FOLDER

    def _end(self, *, at_once: bool) -> None:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - see above

        try:
            if self._context is not None and not at_once and not self.has_ended(patient=False):
                # It may end while it is asked to.
                with suppress(Exception):
                    SparkSession.builder.getOrCreate().stop()
        finally:
            try:
                self._end_process(at_once=at_once)
            finally:
                if self._process is not None:
                    _forget()
                logging.getLogger().removeFilter(_is_not_of_a_lost_connection)
                shutil.rmtree(self._folder, ignore_errors=True)
                self._sockets.close()

    def _end_process(self, *, at_once: bool) -> None:
        from pyspark import SparkContext  # noqa: PLC0415 - see above

        if self._process is None:
            return
        if at_once:
            self._process.terminate()
        # It ends with the pipe that it reads from.
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # pyspark keeps what leads to a process that is gone, and would never start another.
        if SparkContext._gateway is not None:  # noqa: SLF001 - see above
            with suppress(Exception):
                SparkContext._gateway.shutdown()  # noqa: SLF001 - see above


@contextmanager
def quiet() -> Iterator[None]:
    """Within the block Spark does not warn of the pandas that is installed: nothing here uses it.

    For wherever a function of Python's is given to Spark.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        yield


def _is_not_of_a_lost_connection(record: logging.LogRecord) -> bool:
    """Whether a notice is another than py4j's that nobody answers, which goes past its logger."""
    return Path(record.pathname).parent.name != "py4j"


def _nothing(*_: object) -> None:
    pass


def _import_quietly() -> None:
    with quiet():
        import_module("pyspark.sql.pandas.functions")


def _forget() -> None:
    """Let pyspark know of no context, session or process."""
    from pyspark import SparkContext  # noqa: PLC0415 - see above
    from pyspark.sql import SparkSession  # noqa: PLC0415 - see above

    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - see _end
    SparkContext._active_spark_context = None  # noqa: SLF001 - see _end
    SparkSession._instantiatedSession = SparkSession._activeSession = None  # noqa: SLF001 - see _end


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handlers that there are: pyspark sets one of its own, and for good."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


def words_of(error: BaseException) -> str:
    """What an error says; pyspark's ask Spark for it, which may not be there any more."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever it is, there are no words then
        return type(error).__name__


def _first_lines(said: str, logged: str) -> str:
    """What somebody heard of a failure, and what the log has of it, in a line or a few."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    lines = lines[:1] + [line for line in lines[1:] if line.startswith("Caused by")]
    lines += [line.strip() for line in logged.splitlines() if "Exception" in line or "rror" in line]
    return "; ".join(lines[:_TOLD_LINES])
