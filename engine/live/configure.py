"""Settings from wherever they are written: command line, environment, file, then the table."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from engine.errors import InputError
from engine.live.api.options import TOKEN_VARIABLE, ApiOptions
from engine.live.endpoint import check_key
from engine.live.options import Options
from engine.live.settings import (
    BY_NAME,
    CONFIG,
    KEY_VARIABLE,
    PREFIX,
    SECRETS,
    SETTINGS,
    Setting,
)

_SECRET_WORDS: Final = ("key", "token", "secret", "password")


def configured(given: Mapping[str, str | None], environment: Mapping[str, str]) -> Options:
    """The settings that hold.

    Parameters
    ----------
    given
        What the command line says, by name; None for what it does not.
    environment
        The environment.

    Raises
    ------
    InputError
        Naming where what is written that cannot be read, or what is missing.
    """
    _refuse_unknown(environment)
    file = given.get(CONFIG) or environment.get(f"{PREFIX}{CONFIG.upper()}") or None
    written = {} if file is None else _of_file(Path(file))
    found = {one.name: _value(one, given, environment, written, str(file)) for one in SETTINGS}
    key = environment.get(KEY_VARIABLE, "")
    check_key(key, KEY_VARIABLE)
    served = {one.api: found.pop(one.name) for one in SETTINGS if one.api is not None}
    address: tuple[str, int] | None = found.pop("listen")
    token = environment.get(TOKEN_VARIABLE) or None
    api = None if address is None else ApiOptions(*address, token=token, **served)
    if found["state"] is not None and found["warm"] is not None:
        raise InputError(
            f"--state: the online state begins with one thing (was {str(found['state'])!r}, and "
            f"--warm {str(found['warm'])!r})",
            hint="leave out one of the two",
        )
    return Options(key=key, api=api, **found)


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """Refuse a variable that would be one of ours, were it not misspelt."""
    variables = [one.variable for one in SETTINGS] + [one.variable for one in SECRETS]
    known = [name.removeprefix(PREFIX) for name in variables] + [CONFIG.upper()]
    for name in sorted(environment):
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in known:
            near = get_close_matches(name.removeprefix(PREFIX), known, n=1)
            raise InputError(
                f"{name}: no such setting (was in the environment)",
                hint=f"write {PREFIX}{near[0]}" if near else "unset it",
            )


def _value(
    setting: Setting,
    given: Mapping[str, str | None],
    environment: Mapping[str, str],
    written: Mapping[str, str],
    file: str,
) -> Any:  # noqa: ANN401 - each setting has a type of its own
    text, called = given.get(setting.name), setting.flag
    if text is None:
        text, called = environment.get(setting.variable), setting.variable
    if text is None:
        text, called = written.get(setting.name), f"{file}: {setting.name}"
    if text is None:
        text, called = setting.default, setting.flag
    if text is not None:
        return setting.read(text, called)
    if setting.required:
        raise InputError(
            f"{setting.flag}: required (was not given)",
            hint=f"add {setting.flag} {setting.kind}, set {setting.variable}, or write "
            f"{setting.name} into the file of --config",
        )
    return None


def _of_file(path: Path) -> dict[str, str]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(
            f"--{CONFIG}: {path} cannot be read (was: {error.strerror or error})",
            hint="name a TOML file",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"--{CONFIG}: {path} is no TOML (was: {error})", hint='write lines such as post = "all"'
        ) from error
    return {name: _text(path, name, value) for name, value in content.items()}


def _text(path: Path, name: str, value: object) -> str:
    """What a file says, as it would be written on the command line."""
    if name not in BY_NAME:
        raise InputError(f"{path}: no such setting (was {name!r})", hint=_hint(name))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise InputError(
        f"{path}: {name} is no single value (was a {type(value).__name__})",
        hint=f"write it as on the command line: {name} = {BY_NAME[name].kind}",
    )


def _hint(name: str) -> str:
    if any(word in name.lower() for word in _SECRET_WORDS):
        variables = " and ".join(secret.variable for secret in SECRETS)
        return f"secrets are in the environment alone, as {variables}; take it out of the file"
    near = get_close_matches(name.replace("-", "_"), BY_NAME, n=1)
    return f"write {near[0]}" if near else f"there are {', '.join(BY_NAME)}"
