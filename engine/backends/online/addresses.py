"""Memory by its address, in loops that are compiled (``engine/compiled.py``) and nowhere else.

Nothing checks an address, nor how far from it one reads or writes: whoever passes one keeps what it
is the address of.
"""

from typing import TYPE_CHECKING, Any, Final, cast

from numba import types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable


def _pointer_to(word: Any) -> Any:  # noqa: ANN401 - numba's own, which have no types
    def pointer(_typing: object, _address: object) -> Any:  # noqa: ANN401 - the same
        return types.CPointer(word)(types.int64), _as_pointer  # type: ignore[no-untyped-call]  # the same

    return intrinsic(pointer)


def _as_pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - the same
    return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))


# The 64-bit words from an address on, as whole numbers and as floats.
words: Final = cast("Callable[[int], list[int]]", _pointer_to(types.int64))
reals: Final = cast("Callable[[int], list[float]]", _pointer_to(types.float64))
