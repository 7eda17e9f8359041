"""Whom a connection trusts."""

import ssl
from pathlib import Path

from engine.errors import InputError


def client_tls(ca_file: Path | None, *, insecure: bool) -> ssl.SSLContext:
    """A client's context, for the stream and for flags alike.

    Parameters
    ----------
    ca_file
        The certificates that are trusted, and no others; None for those of this machine.
    insecure
        Whether anybody is trusted; whoever starts with that says it aloud.

    Raises
    ------
    InputError
        If both are given, or there is no certificate in the file.
    """
    if insecure and ca_file is not None:
        raise InputError(
            f"--ca-file: nothing is verified with --insecure (was {str(ca_file)!r})",
            hint="leave --insecure out",
        )
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            f"--ca-file: {ca_file} holds no certificate that can be read (was: {error})",
            hint="give a file of certificates in PEM format",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
