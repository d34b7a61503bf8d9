"""A cluster that is away, refuses, does not see the place, or dies half way: one line each, and nothing half written."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from couponhub.codes import subtract
from couponhub.codes.joins import SetsSettings, clustered, open_engine, places, probe, sessions
from couponhub.codes.joins.cluster import SparkCluster
from couponhub.codes.row_files import TEXT, write_rows
from couponhub.errors import ConfigError, CouponhubError, LocalError
from couponhub.state import TextCodeSet
from tests.kit.sail import SharedEngine
from tests.kit.servers import free_port

SECRET = "SECRET-CODE"
SERVE = """
import sys
from pysail.spark import SparkConnectServer
server = SparkConnectServer("127.0.0.1", int(sys.argv[1]))
server.start(background=True)
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the cluster about sets of any size, and once."""
    monkeypatch.setattr(clustered, "MANY", 0)
    monkeypatch.setattr(sessions, "_RETRIES", 0)


def failed(folder: Path, engine: SetsSettings, expected: type[CouponhubError], says: str) -> CouponhubError:
    """The fault of a subtraction and of a join, which is one line without a code; neither leaves anything."""
    given = folder / "codes.txt"
    given.write_text(f"{SECRET}\n", encoding="utf-8")
    write_rows(folder / "e.csv", dict.fromkeys(("code", "status"), TEXT), [(SECRET, "x")])
    target = folder / "look.csv"
    target.write_text("before", encoding="utf-8")
    before = {path.name for path in folder.iterdir()}

    def join() -> None:
        with open_engine(engine.engine, place=engine.place, folder=folder) as opened:
            opened.classes(folder / "e.csv", folder / "e.csv", target, attributes=["status"])

    calls: list[Callable[[], object]] = [
        join,
        lambda: probe(engine),
        lambda: subtract([TextCodeSet(given)], (), folder / "less.csv", folder, engine=engine),
    ]
    for call in calls:
        with pytest.raises(expected, match=says) as caught:
            call()
        assert caught.value.__cause__ is None
        assert SECRET not in f"{caught.value} {caught.value.hint}"
        assert "\n" not in f"{caught.value}"
        assert caught.value.hint
    assert "before" == target.read_text(encoding="utf-8")
    assert before == {path.name for path in folder.iterdir()}
    return caught.value


def test_a_cluster_that_is_away_is_one_line(tmp_path: Path) -> None:
    """At once, and with the address that was tried, but for what stands behind the port."""
    place = tmp_path / "place"
    place.mkdir()
    url = f"sc://127.0.0.1:{free_port()}/;token=SECRET-CODE"
    engine = SetsSettings(engine=url, place=f"file://{place}")
    fault = failed(tmp_path, engine, LocalError, r"the cluster sc://127\.0\.0\.1:\d+ cannot be reached: Conn")
    assert "[sets] engine" in str(fault.hint)
    assert [] == list(place.iterdir())
    nowhere = SetsSettings(engine="sc://no.such.host.invalid:1", place=f"file://{place}")
    with pytest.raises(LocalError, match="cannot be reached"):
        probe(nowhere)


def test_a_standalone_spark_takes_more_than_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of pyspark, and Java: what is missing is named, with the way around it."""
    engine = SetsSettings(engine="spark://127.0.0.1:1", place=f"file://{tmp_path}")
    with pytest.raises(ConfigError, match=r"spark://127\.0\.0\.1:1 takes the whole of pyspark") as caught:
        probe(engine)
    assert "pip uninstall pyspark-client && pip install pyspark" in str(caught.value.hint)
    monkeypatch.setattr(sessions, "_installed", lambda _: False)
    for name, says in (("PATH", "there is none$"), ("JAVA_HOME", "there is none in JAVA_HOME")):
        monkeypatch.setenv(name, str(tmp_path))
        with pytest.raises(ConfigError, match="takes Java on this machine") as caught:
            probe(engine)
        assert caught.match(says.removesuffix("$"))
        assert "install Java 17" in str(caught.value.hint)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("module", ["ibis.backends.pyspark", "pyspark.util", "pyspark.sql.connect.session"])
def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """With the extra that brings it; a cluster is never left out in silence."""
    monkeypatch.setitem(sys.modules, module, None)
    engine = SetsSettings(engine="sc://127.0.0.1:1", place=f"file://{tmp_path}")
    with pytest.raises(ConfigError, match="Spark's client, which are not installed") as caught:
        probe(engine)
    assert "pip install 'couponhub[spark]'" == caught.value.hint


def test_a_place_is_needed_and_written(sail: SharedEngine, tmp_path: Path) -> None:
    """None, one that is not there, and one that is a file."""
    with pytest.raises(ConfigError, match=r"sets\.place is missing, which the engine sc://") as caught:
        probe(SetsSettings(engine=sail.url))
    assert "place = " in str(caught.value.hint)
    (tmp_path / "file").touch()
    for place in (tmp_path / "no" / "such", tmp_path / "file"):
        engine = SetsSettings(engine=sail.url, place=f"file://{place}")
        failed(tmp_path, engine, LocalError, f"the place of sets file://{place} cannot be written: No")


def test_a_place_that_the_cluster_does_not_see(
    sail: SharedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Codes were put there, and are removed."""
    init = places.PlaceRun.__init__

    def elsewhere(run: Any, files: Any, place: str, name: str) -> None:
        init(run, files, place, name)
        run.url = f"file://{tmp_path}/elsewhere"

    monkeypatch.setattr(places.PlaceRun, "__init__", elsewhere)
    engine = SetsSettings(engine=sail.url, place=sail.place)
    fault = failed(
        tmp_path, engine, CouponhubError, r"the cluster sc://[0-9.:]+ (does not see what was put|failed)"
    )
    assert "sets] place" in f"{fault} {fault.hint}" or "log" in str(fault.hint)
    assert [] == list(sail.folder.iterdir())


@pytest.fixture
def mortal(sail_url: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """An engine in a process of its own, which may be killed."""
    assert sail_url  # it is installed
    port = free_port()
    command = [sys.executable, "-c", SERVE, str(port)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **pipes)  # type: ignore[call-overload]  # noqa: S603 - our own code
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"up\n"
        yield f"sc://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("step", ["put", "name", "keep", "row", "fetched"])
def test_a_cluster_that_dies_half_way_leaves_nothing(
    mortal: tuple[str, "subprocess.Popen[bytes]"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Wherever it was: one line, the place is empty, and what was at the output is there as it was."""
    url, process = mortal
    place = tmp_path / "place"
    place.mkdir()
    write_rows(tmp_path / "e.csv", dict.fromkeys(("code", "status"), TEXT), [(SECRET, "x")])
    (tmp_path / "look.csv").write_text("before", encoding="utf-8")
    done = getattr(SparkCluster, step)

    def dies(*given: Any, **named: Any) -> Any:
        process.kill()
        process.wait()
        return done(*given, **named)

    monkeypatch.setattr(SparkCluster, step, dies)
    engine = open_engine(url, place=f"file://{place}", folder=tmp_path)
    with engine:
        if step == "fetched":  # it has done its part then
            engine.classes(
                tmp_path / "e.csv", tmp_path / "e.csv", tmp_path / "look.csv", attributes=["status"]
            )
        else:
            with pytest.raises(
                LocalError, match=r"is away, or ended while it worked|failed while it worked"
            ) as caught:
                engine.classes(
                    tmp_path / "e.csv", tmp_path / "e.csv", tmp_path / "look.csv", attributes=["status"]
                )
            assert SECRET not in f"{caught.value} {caught.value.hint}"
            assert "before" == (tmp_path / "look.csv").read_text(encoding="utf-8")
    assert {"e.csv", "look.csv", "place"} == {path.name for path in tmp_path.iterdir()}
    assert [] == list(place.iterdir())


def test_a_cluster_that_refuses_is_one_line(tmp_path: Path) -> None:
    """By the word that it said."""
    import grpc

    class Refuses(grpc.GenericRpcHandler):  # type: ignore[misc,unused-ignore]  # it has no types
        """Answers every call so."""

        def service(self, _: Any) -> Any:
            """As grpc's."""

            def refuse(_: Any, context: Any) -> None:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, f"no {SECRET}")

            return grpc.unary_stream_rpc_method_handler(refuse)

    place = tmp_path / "place"
    place.mkdir()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[Refuses()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        engine = SetsSettings(engine=f"sc://127.0.0.1:{port}", place=f"file://{place}")
        fault = failed(
            tmp_path, engine, ConfigError, r"the cluster sc://127\.0\.0\.1:\d+ refuses: UNAUTHENTICATED"
        )
        assert "token" in str(fault.hint)
    finally:
        server.stop(0).wait()


def test_what_answers_is_no_cluster(tmp_path: Path) -> None:
    """A port at which something else listens, and closes."""
    place = tmp_path / "place"
    place.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:

        def hang_up() -> None:
            while True:
                try:
                    listening.accept()[0].close()
                except OSError:
                    return

        pool.submit(hang_up)
        port = listening.getsockname()[1]
        engine = SetsSettings(engine=f"sc://127.0.0.1:{port}", place=f"file://{place}")
        try:
            failed(tmp_path, engine, LocalError, "is away, or ended while it worked")
        finally:
            listening.shutdown(socket.SHUT_RDWR)
