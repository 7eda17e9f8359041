"""A certificate that signs itself, made anew at every start, by the openssl program.

Python makes no certificates, and a library that does would be a dependency for this alone.
"""

import shutil
import ssl
import subprocess
import tempfile
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from engine.errors import InputError
from engine.events.disk import write_bytes, writing

_DAYS: Final = 7
# What RFC 5280 wants of a certificate that is an authority and a server at once; Python 3.13 and
# newer insist on it.
_CONFIG: Final = """\
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = SentinelPOS judge
[extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = {names}
"""


def self_signed(host: str, ca_out: Path | None) -> ssl.SSLContext:
    """A server's context with a new certificate for localhost and a host.

    Parameters
    ----------
    host
        A name or an address.
    ca_out
        Where to write the certificate, for clients to trust; the key is written nowhere that lasts.

    Raises
    ------
    InputError
        If there is no openssl program or it fails.
    OutputError
        If the file cannot be written.
    """
    program = shutil.which("openssl")
    if program is None:
        raise InputError(
            "--tls: no openssl program makes a certificate (was looked for in PATH)",
            hint="install OpenSSL, or leave --tls out",
        )
    with writing(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory() as name:
        folder = Path(name)  # for its owner's eyes alone
        config, key, certificate = (folder / part for part in ("config", "key", "certificate"))
        config.write_text(_CONFIG.format(names=_names(host)), "utf-8")
        made = subprocess.run(  # noqa: S603 - nothing of it comes from outside
            (
                *(program, "req", "-x509", "-newkey", "ec"),
                *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", str(_DAYS)),
                *("-config", str(config), "-keyout", str(key), "-out", str(certificate)),
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            said = made.stderr.strip().splitlines() or ["nothing"]
            raise InputError(
                f"--tls: openssl made no certificate (was: {said[-1]})",
                hint="OpenSSL 3.0 or newer is needed; see `openssl version`",
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, key)
        content = certificate.read_bytes()
    if ca_out is not None:
        write_bytes(content, ca_out)
    return context


def _names(host: str) -> str:
    names = {"DNS:localhost": None, "IP:127.0.0.1": None, "IP:::1": None}
    try:
        address = ip_address(host)
    except ValueError:
        names[f"DNS:{host}"] = None
    else:
        if not address.is_unspecified:
            names[f"IP:{address}"] = None
    return ", ".join(names)
