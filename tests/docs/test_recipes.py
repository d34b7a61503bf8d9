"""The programs of the recipes run, on emulated vendors: with the real Django, FastAPI, Celery and DuckDB, and a stub of Airflow."""

import asyncio
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import attrs
import pytest

from couponhub import Conflict, CouponHub
from couponhub.cli import main
from couponhub.testing import EmulatedVendors, emulated_vendors

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
HOLDER = "919876543210"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[EmulatedVendors]:
    """One vendor, which can be asked and sent files, in the config that programs find."""
    with emulated_vendors("capillary") as vendors:
        monkeypatch.setenv("COUPONHUB_CONFIG", str(vendors.config))
        monkeypatch.chdir(tmp_path)
        yield vendors


def recipe(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import a program of the page anew."""
    spec = importlib.util.spec_from_file_location(name, RECIPES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def is_spent(vendors: EmulatedVendors) -> None:
    """Let the vendor say that it was asked too often."""
    vendors.controls["capillary"].fail("GET *", "status", 429)


def list_id(vendors: EmulatedVendors) -> str:
    """A list that takes codes."""
    return next(one.id for one in vendors.hub["capillary"].lists.iterate() if one.name == "Partner codes")


def test_django(shop: EmulatedVendors, monkeypatch: pytest.MonkeyPatch) -> None:
    """The view answers, remembers whole answers without the number in the key, and says when to come back."""
    from django.conf import settings
    from django.core.cache import cache
    from django.test import RequestFactory

    if not settings.configured:
        settings.configure(SECRET_KEY="of a test")
    view = recipe("django_shop", monkeypatch)
    posted = RequestFactory().post

    def ask(**fields: str) -> Any:
        return view.coupons(posted("/coupons", fields))

    assert 405 == view.coupons(RequestFactory().get("/coupons")).status_code
    assert 400 == ask().status_code == ask(mobile="nobody").status_code
    first = ask(mobile=HOLDER)
    assert (200, True) == (first.status_code, json.loads(first.content)["complete"])
    assert not [key for key in cache._cache if HOLDER in key]  # type: ignore[attr-defined] # of Django's memory
    is_spent(shop)
    assert first.content == ask(mobile=HOLDER).content
    other = ask(mobile="919876543299")
    assert (503, "5") == (other.status_code, other["Retry-After"])
    view.hub().close()


def test_fastapi(shop: EmulatedVendors, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint is given the hub of its process, and no thread of its own."""
    program = recipe("fastapi_shop", monkeypatch)

    async def ask(mobile: str) -> tuple[int, Any]:
        sent: list[dict[str, Any]] = []
        body = json.dumps({"mobile": mobile}).encode()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/coupons",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        await program.app(scope, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])

    async def run() -> None:
        async with program.app.router.lifespan_context(program.app):
            status, known = await ask(HOLDER)
            assert (200, True) == (status, known["complete"])
            assert 422 == (await ask("nobody"))[0]
            is_spent(shop)
            status, known = await ask("919876543299")
            assert (503, False) == (status, known["detail"]["complete"])

    asyncio.run(run())


def test_celery(shop: EmulatedVendors, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker's process opens its hub; a task that found the vendor down runs again, and sends nothing twice."""
    from celery.signals import worker_process_init, worker_process_shutdown

    program = recipe("celery_tasks", monkeypatch)
    worker_process_init.send(sender=None)
    Path("codes.csv").write_text("code\nRECIPE-1\nRECIPE-2\n", encoding="utf-8")
    one = list_id(shop)
    shop.controls["capillary"].fail("GET *", "status", 429, times=1)
    ran = program.send_codes.apply(args=["capillary", one, "codes.csv"])
    again = program.send_codes.apply(args=["capillary", one, "codes.csv"])
    assert ("up_", 2) == (ran.get()["id"][:3], ran.get()["rows"])
    assert isinstance(again.result, Conflict)
    assert 429 in {one["status"] for one in shop.controls["capillary"].requests()}
    assert [ran.get()["id"]] == program.go_on.apply().get()
    worker_process_shutdown.send(sender=None)
    assert [] == program._hubs


def test_airflow(shop: EmulatedVendors, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph sends the codes and sees them taken; Airflow itself is a stub, for it brings a hundred packages."""
    poked: list[bool] = []

    def task(**_: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return lambda work: work

    def sensor(**_: Any) -> Callable[[Callable[..., Any]], Callable[..., None]]:
        return lambda work: lambda *given: poked.append(work(*given).is_done)

    stub = ModuleType("airflow.sdk")
    vars(stub).update(
        task=task,
        dag=lambda **_: lambda _: lambda: None,
        PokeReturnValue=lambda is_done: SimpleNamespace(is_done=is_done),
    )
    vars(task)["sensor"] = sensor
    monkeypatch.setitem(sys.modules, "airflow", ModuleType("airflow"))
    monkeypatch.setitem(sys.modules, "airflow.sdk", stub)
    text = (RECIPES / "airflow_dag.py").read_text(encoding="utf-8")
    assert '["engage"]' in text
    program: dict[str, Any] = {}
    exec(text.replace('"engage"', '"capillary"'), program)  # noqa: S102 - our own page
    Path("codes.csv").write_text("code\nRECIPE-1\n", encoding="utf-8")
    job = program["send"](list_id(shop), "codes.csv")
    shop.hub["capillary"].uploads.wait(job, list_id(shop), timeout=30)
    program["taken"](job)
    assert [True] == poked
    with CouponHub.from_config() as hub:
        assert ["done"] == [job.status for job in hub.jobs.iterate()]


def test_duckdb(
    shop: EmulatedVendors, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON lines are read as they are printed, and so is the export."""
    from couponhub.codes.row_files import TEXT, write_rows

    program = recipe("duckdb_lists", monkeypatch)
    assert 0 == main(["-o", "jsonl", "lists", "ls", "capillary"])
    lines = Path("lists.jsonl")
    lines.write_text(capsys.readouterr().out, encoding="utf-8")
    low = program.running_low(lines, below=10**9)
    held = [one for one in shop.hub["capillary"].lists.iterate(status="active") if one.available is not None]
    assert sorted((one.connection, one.name, one.available) for one in held) == sorted(low)
    rows = [("Autumn", "c1"), ("Autumn", "c1"), ("Autumn", "c2"), ("Winter", "c1")]
    write_rows(Path("rows.parquet"), {"campaign_name": TEXT, "customer": TEXT}, rows)
    assert [("Autumn", 3, 2), ("Winter", 1, 1)] == program.given_out(Path("rows.parquet"))


def test_pandas(shop: EmulatedVendors, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A code with zeros in front stays one; pandas is large, and here where somebody has it."""
    pytest.importorskip("pandas", reason="nox -s recipes installs it")
    program = recipe("pandas_lists", monkeypatch)
    lines = tmp_path / "lists.jsonl"
    held = [attrs.evolve(one, label="007") for one in shop.hub["capillary"].lists.iterate()]
    lines.write_text("".join(f"{one.to_json()}\n" for one in held), encoding="utf-8")
    frame = program.lists_of(lines)
    assert [one.id for one in held] == list(frame["id"])
    assert {"007"} == set(frame["label"])
    assert [one.expires_at for one in held] == [moment.to_pydatetime() for moment in frame["expires_at"]]
