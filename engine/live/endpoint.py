"""Where the other side is: an URL taken apart, and checked before anything is sent there."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from engine.errors import InputError

_PORTS: Final = {"http": 80, "https": 443}
_URL: Final = re.compile(r"[!-~]{1,2048}")
_KEY: Final = re.compile(r"[!-~]{1,200}")
_HINT: Final = "give one such as https://example.org/path"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An URL of http or https.

    Parameters
    ----------
    url
        As it was given.
    secure
        Whether it is https.
    host, port
        Where to connect to.
    authority
        What the header ``Host`` says.
    target
        Path and query.
    """

    url: str
    secure: bool
    host: str
    port: int
    authority: str
    target: str

    @property
    def shown(self) -> str:
        """The URL as it is shown: a query may hold what is nobody's business."""
        return self.url.partition("?")[0]


def read_endpoint(url: str, option: str) -> Endpoint:
    """Take an URL apart.

    Parameters
    ----------
    url
        Of http or https, in ASCII, without a user, a password or a fragment.
    option
        What messages call it.

    Raises
    ------
    InputError
        If it is none.
    """
    if not _URL.fullmatch(url):
        raise InputError(
            f"{option}: not an URL of up to 2,048 visible ASCII characters "
            f"(was {len(url):,} characters)",
            hint=_HINT,
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"{option}: not an URL (was {url!r}: {error})", hint=_HINT) from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise InputError(f"{option}: not an URL of http or https (was {url!r})", hint=_HINT)
    if "@" in parts.netloc:
        # The URL is not shown: whoever writes a user there writes a password too.
        raise InputError(
            f"{option}: an URL is no place for a user or a password (was one for {parts.hostname})",
            hint="only the key in the environment is sent",
        )
    if parts.fragment:
        raise InputError(f"{option}: a fragment is never sent (was {url!r})", hint=_HINT)
    return Endpoint(
        url=url,
        secure=parts.scheme == "https",
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        authority=parts.netloc.lower(),
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )


def check_key(key: str, variable: str) -> None:
    """Refuse a key that no header can carry.

    Raises
    ------
    InputError
        Without the key.
    """
    if not _KEY.fullmatch(key):
        raise InputError(
            f"{variable}: not a key of 1 to 200 visible ASCII characters "
            f"(was {len(key):,} characters)",
            hint=f"export {variable} with the key that you were given",
        )
