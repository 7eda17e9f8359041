"""The commands that put what they make into a text, between its marks."""

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.command import EXIT_CODES, Parser, run_command
from engine.events.disk import writing


def rewrite_command(
    argv: Sequence[str] | None, prog: str, description: str, rewritten: Callable[[str], str]
) -> int:
    """Run such a command and return its exit code.

    Parameters
    ----------
    argv
        The command line, which names the file.
    prog, description
        What its help says.
    rewritten
        The text anew, of the text.
    """

    def prepare() -> Callable[[], None]:
        parser = Parser(prog, description, EXIT_CODES)
        parser.add_argument("file", metavar="FILE", help="a text with the marks, such as README.md")
        path = Path(parser.parse_args(argv).file)

        def work() -> None:
            with writing(path):
                path.write_text(rewritten(path.read_text("utf-8")), "utf-8")

        return work

    return run_command(prepare)
