"""The examples of the page on jobs drive a job, with as much of Celery and Airflow as they use."""

import logging
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from couponhub import CouponHub
from tests.cli.conftest import cli
from tests.cli.test_work import CODES, held, unlimited
from tests.kit.cli import CliRunner
from tests.kit.eventually import eventually

__all__ = ["cli"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")


@pytest.fixture
def begun(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> tuple[CliRunner, str]:
    """A command line with which an upload to MoEngage was killed before its second part, and its list."""
    list_id = cli.list_id("moengage")
    unlimited(cli)
    cli.write("codes.csv", "code", *CODES)
    monkeypatch.chdir(cli.folder)
    with CouponHub.from_config("couponhub.toml") as hub, pytest.raises(KeyboardInterrupt):
        hub["moengage"].uploads.send(list_id, "codes.csv", progress=_killed_at_the_first)
    (cli.folder / "codes.csv").unlink()
    return cli, list_id


def _killed_at_the_first(event: Any) -> None:
    if event.kind == "submitted":
        raise KeyboardInterrupt


def example(heading: str, language: str) -> str:
    """The block of code below a heading."""
    found = re.search(rf"### {heading}\n.*?```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


class Task:
    """A task of either scheduler, run at once."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work

    def __call__(self, *given: Any) -> Any:
        """Run it."""
        return self._work(*given)

    delay = __call__

    def expand(self, *, job_id: Any) -> None:
        """Run it for each."""
        for one in job_id:
            self._work(one)


def stub(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> None:
    """Let a module be there that holds this."""
    module = ModuleType(name)
    vars(module).update(content)
    monkeypatch.setitem(sys.modules, name, module)


def test_cron(begun: tuple[CliRunner, str]) -> None:
    """The line's command is one, and goes on with what was left."""
    at, list_id = begun
    *_, line = example("cron", "text").strip().splitlines()
    words = line.split()[6:]
    assert ["--config", "/etc/couponhub.toml"] == words[:2]
    assert 0 == at(*words[2:]).code
    assert Counter(CODES) == held(at, list_id)


def test_celery(begun: tuple[CliRunner, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The task for all lets one for each job go on."""
    at, list_id = begun
    stub(monkeypatch, "celery", shared_task=Task)
    names: dict[str, Any] = {}
    exec(example("Celery", "python"), names)  # noqa: S102 - our own page
    names["drive_all"]()
    assert Counter(CODES) == held(at, list_id)
    names["drive_all"]()
    assert Counter(CODES) == held(at, list_id)


def _leave_logging_alone(**_: object) -> None:
    """Celery else sets the level of all logging in this process, and the tests after this one hear no warning."""


def test_celery_itself(begun: tuple[CliRunner, str]) -> None:
    """A worker of the real Celery takes both tasks from its queue, and the job is driven to its end."""
    from celery import Celery, signals
    from celery.contrib.testing.worker import start_worker

    signals.setup_logging.connect(_leave_logging_alone)
    at, list_id = begun
    app = Celery("couponhub-tests", broker="memory://", backend="cache+memory://", set_as_current=True)
    names: dict[str, Any] = {}
    exec(example("Celery", "python"), names)  # noqa: S102 - our own page
    app.finalize()
    try:
        with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False, loglevel="ERROR"):
            names["drive_all"].delay().get(timeout=60)
            eventually(lambda: Counter(CODES) == held(at, list_id), "the codes")
            eventually(lambda: not at("work", "--once", "-o", "json").json["items"], "the end of the job")
    finally:
        logging.captureWarnings(False)  # Celery takes them over whatever it is told
    assert Counter(CODES) == held(at, list_id)


def test_kubernetes(begun: tuple[CliRunner, str]) -> None:
    """What the CronJob of the page runs is a command of ours, and goes on with what was left."""
    at, list_id = begun
    (place,) = re.findall(r"`(deploy/kubernetes/[a-z]+\.yaml)`", PAGE.partition("### Kubernetes")[2])
    (job,) = yaml.safe_load_all((ROOT / place).read_text(encoding="utf-8"))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert ("CronJob", "Never") == (job["kind"], pod["restartPolicy"])
    assert 0 == at(*container["args"]).code
    assert Counter(CODES) == held(at, list_id)


def test_airflow(begun: tuple[CliRunner, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph drives every job that is due."""
    at, list_id = begun

    def dag(**_: Any) -> Callable[[Callable[[], None]], Callable[[], None]]:
        return lambda graph: graph

    stub(monkeypatch, "airflow")
    stub(monkeypatch, "airflow.decorators", dag=dag, task=Task)
    exec(example("Airflow", "python"), {})  # noqa: S102 - our own page
    assert Counter(CODES) == held(at, list_id)
