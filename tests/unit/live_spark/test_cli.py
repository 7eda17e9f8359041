"""The command line: where events come from, and that no secret is told."""

import pytest

from engine.live_spark.cli import _parser, _source, main
from engine.live_spark.sources import Kafka

GIVEN = ["--run", "run", "--outbox", "o.db", "--checkpoint", "c"]
LOGIN = 'kafka.sasl.jaas.config=org.x.Module required password="hush=1";'


def refused(capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert main([*GIVEN, *more]) == 2
    return capsys.readouterr().err


def test_secrets_of_kafka_come_by_the_environment() -> None:
    parsed = _parser().parse_args([*GIVEN, "--kafka", "subscribe=t"])
    source = _source(parsed, f"{LOGIN}\n\nkafka.bootstrap.servers=b:9092\n")
    assert isinstance(source, Kafka)
    name, _, value = LOGIN.partition("=")
    servers = "kafka.bootstrap.servers"
    assert dict(source.options) == {name: value, servers: "b:9092", "subscribe": "t"}
    assert "hush" not in repr(source)
    assert source.shown(f"cannot: {value}") == "cannot: ***"


@pytest.mark.parametrize(
    "name", ["kafka.ssl.keystore.password", "kafka.sasl.jaas.config", "kafka.ssl.keystore.key"]
)
def test_a_secret_is_refused_on_the_command_line(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    said = refused(capsys, "--kafka", f"{name}=hush")
    assert f"(was {name})" in said
    assert "hint: give it in the environment, as a line of SENTINELPOS_KAFKA" in said
    assert "hush" not in said


def test_no_value_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "hush" not in refused(capsys, "--kafka", "=hush")
    assert "hush" not in refused(capsys, "--kafka", "hush")
    said = refused(capsys, "--kafka", "subscribe=hush", "--files", "f")
    assert "(was 'f', and of Kafka subscribe)" in said
    assert "hush" not in said
    monkeypatch.setenv("SENTINELPOS_KAFKA", "a=b\nhush")
    said = refused(capsys)
    assert "SENTINELPOS_KAFKA: not an option (was the one at place 2" in said
    assert "hush" not in said
