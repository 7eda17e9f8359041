"""What is asked behind the question mark: each word once."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError


def each_once(request: Request) -> None:
    """Refuse a word that is given twice: which of both was meant nobody can tell.

    Raises
    ------
    RequestValidationError
        Naming it.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if names.count(name) > 1:
            raise RequestValidationError(
                [{"type": "given_twice", "loc": ("query", name), "msg": "given twice"}]
            )
