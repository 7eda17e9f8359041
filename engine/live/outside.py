"""Whom a live scorer speaks with: looked at before anything that takes long is begun."""

import ssl
from dataclasses import dataclass

from engine.live.endpoint import Endpoint, read_endpoint
from engine.live.options import Options
from engine.live.tls import client_tls


@dataclass(frozen=True, slots=True)
class Outside:
    """Where the stream comes from and flags go to.

    Parameters
    ----------
    stream, flag
        The endpoints.
    tls
        Whom a connection trusts; None if no connection is secure.
    """

    stream: Endpoint
    flag: Endpoint
    tls: ssl.SSLContext | None


def outside_of(options: Options) -> Outside:
    """What the settings say of it.

    Raises
    ------
    InputError
        If an endpoint is none, or certificates cannot be read.
    """
    stream = read_endpoint(options.stream, "--stream")
    flag = read_endpoint(options.flag, "--flag")
    asked = options.insecure or options.ca_file is not None
    tls = None
    if asked or stream.secure or flag.secure:
        tls = client_tls(options.ca_file, insecure=options.insecure)
    return Outside(stream, flag, tls)
