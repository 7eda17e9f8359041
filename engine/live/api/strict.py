"""A body as JSON that can be meant in one way only, as both who sent it and we read it.

Decoders differ in what they make of the rest: of a name that an object gives twice most take the
last, and tell nobody; NaN, numbers beyond all floats and halves of letters are no JSON, and some
take them.
"""

import json
import math
import re
from http import HTTPStatus
from typing import Any, Final, NoReturn

from fastapi import Request

from engine.live.api.refusals import JSON, Refusal

_MOST_OF_NAME: Final = 80  # characters of it that are told
_NOT_SENT_AS_JSON: Final = Refusal(
    # A page from anywhere may send a form or text without being asked.
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "not sent as JSON",
    f"send it with Content-Type: {JSON}",
)
# Of a letter beyond the first 65,536, which two escapes write: one half of it, or of a pair.
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


class NotJsonError(Exception):
    """A text is not JSON, in the words of what is wrong with it."""


class TwiceError(Exception):
    """An object gives a name twice: which was meant nobody can tell."""


def not_sent_as_json(request: Request) -> Refusal | None:
    """Why a request is not read, by its header; None if it is to be."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return None if kind == JSON else _NOT_SENT_AS_JSON


def read_json(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """What a body says.

    Raises
    ------
    NotJsonError
        If it is no JSON in UTF-8, or its numbers or texts are none that could be kept.
    TwiceError
        Naming what is given twice.
    """
    try:
        text = body.decode()
        found = json.loads(
            text, object_pairs_hook=_each_once, parse_float=_finite, parse_constant=_refuse
        )
        if _HALF.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise NotJsonError("nested too deep") from None
    except UnicodeEncodeError:
        raise NotJsonError("half of a surrogate pair") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise NotJsonError(str(error)) from error
    except ValueError:  # of Python's limit, which is no business of who sent it
        raise NotJsonError("a number of too many digits") from None
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        told = twice[:_MOST_OF_NAME].encode(errors="replace").decode()
        raise TwiceError(f"{told} is given twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotJsonError("a number that is out of range")
    return number


def _refuse(name: str) -> NoReturn:
    raise NotJsonError(f"{name} is no number of JSON")
