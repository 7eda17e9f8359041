"""Settings: where each may be written, what goes before what, and that the table is complete."""

from dataclasses import fields
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.live.api.options import ApiOptions
from engine.live.cli import _given, _parser
from engine.live.configure import configured
from engine.live.options import Options
from engine.live.settings import SECRETS, SETTINGS, main, settings_table, with_table
from processes import ROOT

KEY = {"SENTINELPOS_API_KEY": "key"}
NEEDED = ["--stream", "http://a/stream", "--flag", "http://a/flag"]

# Of each setting three values as they are written, and what they come to.
WRITTEN = {
    "stream": (
        ["http://b/1", "http://b/2", "http://b/3"],
        ["http://b/1", "http://b/2", "http://b/3"],
    ),
    "flag": (
        ["http://b/1", "http://b/2", "http://b/3"],
        ["http://b/1", "http://b/2", "http://b/3"],
    ),
    "run": (["a", "b", "c"], [Path("a"), Path("b"), Path("c")]),
    "ledger": (["a", "b", "c"], [Path("a"), Path("b"), Path("c")]),
    "state": (["a", "b", "c"], [Path("a"), Path("b"), Path("c")]),
    "warm": (["a", "b", "c"], [Path("a"), Path("b"), Path("c")]),
    "accept_gap": (["true", "no", "on"], [True, False, True]),
    "deadline": (["10", "20", "1.5"], [10.0, 20.0, 1.5]),
    "post": (["fraud", "all", "fraud"], ["fraud", "all", "fraud"]),
    "fallback": (["1", "0", "1"], [1, 0, 1]),
    "ca_file": (["a", "b", "c"], [Path("a"), Path("b"), Path("c")]),
    "insecure": (["true", "no", "on"], [True, False, True]),
    "listen": (
        ["127.0.0.1:1", "off", "[::1]:3"],
        [ApiOptions(port=1), None, ApiOptions("::1", 3)],
    ),
    "leap": (["1d", "off", "2h"], [86_400, None, 7_200]),
    "stall": (["1s", "2s", "1500ms"], [1.0, 2.0, 1.5]),
    "queue": (["1", "2", "3"], [1, 2, 3]),
    "batch": (["1", "2", "3"], [1, 2, 3]),
    "connections": (["1", "2", "3"], [1, 2, 3]),
    "snapshot_every": (["1000", "2000", "3000"], [1_000, 2_000, 3_000]),
    "reasons": (["1", "2", "0"], [1, 2, 0]),
    "grace": (["1s", "2s", "3s"], [1.0, 2.0, 3.0]),
    "api_hosts": (["a.b, c", "d", ""], [("a.b", "c"), ("d",), ()]),
    "api_rate": (["1", "2.5", "3"], [1.0, 2.5, 3.0]),
    "api_burst": (["501", "502", "503"], [501, 502, 503]),
    "api_events": (["1", "2", "3"], [1, 2, 3]),
    "api_bytes": (["1000", "2000", "3000"], [1_000, 2_000, 3_000]),
    "api_patience": (["1s", "2s", "3s"], [1.0, 2.0, 3.0]),
    "api_connections": (["1", "2", "3"], [1, 2, 3]),
    "api_streams": (["0", "1", "2"], [0, 1, 2]),
}


def given(*words: str) -> dict[str, str | None]:
    return _given(_parser().parse_args([*NEEDED, *words]))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("DEADLIN", "write SENTINELPOS_DEADLINE"),
        ("API_KEYS", "write SENTINELPOS_API_KEY"),
        ("X", "unset it"),
    ],
)
def test_a_variable_that_would_be_ours_is_refused(name: str, hint: str) -> None:
    with pytest.raises(InputError, match=f"SENTINELPOS_{name}: no such setting") as refused:
        configured(given(), KEY | {f"SENTINELPOS_{name}": "secret"})
    assert refused.value.hint == hint
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["stream", "flag"])
def test_an_url_is_refused_where_it_is_written(name: str, tmp_path: Path) -> None:
    bare = dict.fromkeys(given())
    file = tmp_path / "live.toml"
    file.write_text(f'{name} = "ftp://a/"\n')
    for said, words, variables in (
        (f"--{name}", given(f"--{name}", "ftp://a/"), {}),
        (f"SENTINELPOS_{name.upper()}", bare, {f"SENTINELPOS_{name.upper()}": "ftp://a/"}),
        (f"{file}: {name}", bare | {"config": str(file)}, {}),
    ):
        urls = {f"SENTINELPOS_{one}": "http://a/" for one in ("STREAM", "FLAG")}
        del urls[f"SENTINELPOS_{name.upper()}"]
        with pytest.raises(InputError) as refused:
            configured(words, KEY | urls | variables)
        assert str(refused.value).startswith(f"{said}: not an URL of http or https")


def test_every_setting_is_in_the_table_and_in_the_test() -> None:
    names = [one.name for one in SETTINGS]
    assert sorted(names) == sorted(WRITTEN)
    ours = {one.name for one in SETTINGS if one.api is None}
    assert {one.name for one in fields(Options)} == (ours - {"listen"}) | {"key", "api"}
    assert {one.api for one in SETTINGS} - {None} == {one.name for one in fields(ApiOptions)} - {
        *("host", "port", "token"),
        *("tick", "heartbeat", "silence", "grace"),  # nobody has asked for these
    }
    table = settings_table()
    for one in SETTINGS:
        assert f"| `{one.flag}` | `{one.variable}` | `{one.name}` |" in table
        assert one.help in table
    for secret in SECRETS:
        assert f"`{secret.variable}`" in table


@pytest.mark.parametrize("name", WRITTEN)
def test_the_command_line_goes_before_the_environment_and_that_before_the_file(
    name: str, tmp_path: Path
) -> None:
    (line, variable, file), (of_line, of_variable, of_file) = WRITTEN[name]
    path = tmp_path / "live.toml"
    path.write_text(f"{name} = '{file}'\n")
    setting = next(one for one in SETTINGS if one.name == name)
    words = [setting.flag] if setting.switch else [setting.flag, line]
    nothing = {one: value for one, value in given().items() if one != name}
    everything = {**KEY, setting.variable: variable, "SENTINELPOS_CONFIG": str(path)}

    def value(said: dict[str, str | None], environment: dict[str, str]) -> object:
        found = configured(said, environment)
        if name == "listen":
            return found.api
        return getattr(found if setting.api is None else found.api, setting.api or name)

    assert value(given(*words), everything) == of_line
    assert value(nothing, everything) == of_variable
    del everything[setting.variable]
    assert value(nothing, everything) == of_file
    assert value({**nothing, "config": str(path)}, KEY) == of_file
    if not setting.required:
        default = setting.default
        assert value(nothing, KEY) == (None if default is None else of_default(name, default))


def of_default(name: str, text: str) -> object:
    found = next(one for one in SETTINGS if one.name == name).read(text, name)
    return ApiOptions(*found) if name == "listen" else found


def test_a_switch_can_be_turned_off_again() -> None:
    on = {**KEY, "SENTINELPOS_INSECURE": "1"}
    assert configured(given(), on).insecure
    assert not configured(given("--no-insecure"), on).insecure


def test_a_file_may_hold_numbers_and_switches(tmp_path: Path) -> None:
    path = tmp_path / "live.toml"
    path.write_text("deadline = 2.5\nqueue = 7\ninsecure = true\nstall = '3s'\n")
    found = configured(given("--config", str(path)), KEY)
    assert (found.deadline, found.queue, found.insecure, found.stall) == (2.5, 7, True, 3.0)


REFUSED = {
    "dead_line = 3": ("no such setting (was 'dead_line')", "write deadline"),
    "snapshot-every = 3": ("no such setting", "write snapshot_every"),
    "colour = 'red'": ("no such setting", "there are stream, flag"),
    "api_key = 'precious'": ("no such setting (was 'api_key')", "environment alone"),
    "token = 'precious'": ("no such setting", "SENTINELPOS_TOKEN"),
    "post = 'some'": ("live.toml: post: no such choice (was 'some')", "all or fraud"),
    "queue = [1]": ("queue is no single value (was a list)", "queue = N"),
    "queue = ": ("is no TOML", "post ="),
    "deadline = 0": ("not a time to answer in (was '0')", "above 0"),
    "stall = '5'": ("not a span of time", "7d"),
    "stall = '0s'": ("no time at all", "1500ms"),
    "insecure = 'perhaps'": ("neither on nor off", "true or false"),
    "listen = '0.0.0.0'": ("not an address", "127.0.0.1:8000"),
    "listen = '127.0.0.1:70000'": ("not an address", "127.0.0.1:8000"),
    "listen = '0.0.0.0:80'": ("others could ask", "SENTINELPOS_TOKEN"),
    **{
        f"listen = '{text}'": ("not an address", "127.0.0.1:8000")
        for text in ("", "8000", ":8000", "::1:8000", "x:65536", "a b:1", "x:-1")
    },
    "api_hosts = 'a,b/c'": ("not a host's name (was 'b/c')", "with commas"),
    "api_rate = 0": ("not so many a second (was '0')", "above 0"),
    "api_burst = 499": ("would never be answered (was 499)", "--api-events"),
    "state = 'a'\nwarm = 'b'": ("begins with one thing", "one of the two"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_a_file_may_not_say_is_refused_with_a_hint(text: str, tmp_path: Path) -> None:
    what, hint = REFUSED[text]
    path = tmp_path / "live.toml"
    path.write_text(f"{text}\n")
    with pytest.raises(InputError) as refused:
        configured(given("--config", str(path)), KEY)
    assert what in refused.value.what
    assert hint in refused.value.hint
    assert "precious" not in str(refused.value)


def test_what_is_missing_is_named() -> None:
    said = {**given(), "stream": None}
    with pytest.raises(InputError, match=r"--stream: required[\s\S]*SENTINELPOS_STREAM"):
        configured(said, KEY)
    with pytest.raises(InputError, match="SENTINELPOS_API_KEY: not a key"):
        configured(given(), {})
    with pytest.raises(InputError, match="cannot be read"):
        configured(given("--config", "/nowhere/live.toml"), KEY)


def test_beyond_this_machine_a_token_is_needed() -> None:
    words = given("--listen", "0.0.0.0:80")
    with pytest.raises(InputError, match="others could ask there"):
        configured(words, KEY)
    with pytest.raises(InputError, match="not a token of 16"):
        configured(words, KEY | {"SENTINELPOS_TOKEN": "short"})
    found = configured(words, KEY | {"SENTINELPOS_TOKEN": "0123456789abcdef"})
    assert found.api == ApiOptions("0.0.0.0", 80, "0123456789abcdef")  # noqa: S104 - a test of that
    assert "0123456789abcdef" not in repr(found)
    assert "'key'" not in repr(found)


def test_the_table_goes_between_its_marks(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("a\n<!-- live-settings:begin -->\nold\n<!-- live-settings:end -->\nb\n")
    assert main([str(path)]) == 0
    text = path.read_text()
    assert settings_table() in text
    assert "\nold\n" not in text
    assert with_table(text) == text


def test_the_readme_has_the_table_as_it_is() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert with_table(text) == text
