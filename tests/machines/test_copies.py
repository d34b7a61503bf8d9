"""Copies of files that name people, on machines where nobody is forgotten by hand."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from couponhub import CouponHub, Customer
from couponhub.erasure import watching
from couponhub.models import JobId
from couponhub.testing import emulated_vendors
from tests.kit.eventually import eventually

FORGOTTEN, KEPT = "919876543210", "919811111111"


@pytest.fixture
def config(postgresql_url: str, tmp_path: Path) -> Iterator[Path]:
    """Emulated vendors, and a store in PostgreSQL."""
    with emulated_vendors() as vendors:
        path = tmp_path / "couponhub.toml"
        text = re.sub(r'url = "sqlite:.*"', f'url = "{postgresql_url}"', vendors.config.read_text("utf-8"))
        path.write_text(text, "utf-8")
        yield path


def test_copies_of_the_forgotten_go_on_every_machine(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that drives jobs notices what another one forgot, and has no copy of it from then on."""
    monkeypatch.setattr(watching.Watch.__init__, "__kwdefaults__", {"every": 0.1})
    with ExitStack() as held:
        here, there = (held.enter_context(CouponHub.from_config(config)) for _ in range(2))
        with here.state.job_files.workspace() as folder:
            made = folder / "customers.csv"
            made.write_text(f"mobile\n{FORGOTTEN}\n{KEPT}\n", "utf-8")
            here.state.job_files.put(JobId("ex_1"), "customers.csv", made)
        upload = there["capillary"].uploads.send(_list_of(there), ["COPY-0001"])
        there.jobs.drive(upload.id)
        copy = there.state.job_files.path(JobId("ex_1"), "customers.csv")
        assert copy is not None
        assert FORGOTTEN in copy.read_text("utf-8")

        here.forget([Customer(mobile=FORGOTTEN)])

        eventually(lambda: not copy.exists(), "the copy to go")
        anew = there.state.job_files.path(JobId("ex_1"), "customers.csv")
        assert anew is not None
        assert f"mobile\n{KEPT}\n" == anew.read_text("utf-8")


def _list_of(hub: CouponHub) -> str:
    return next(iter(hub["capillary"].lists.iterate(status="active"))).id
