"""The dashboard and the alerts name figures that a running server has, with labels that those have."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from couponhub.testing import EmulatedVendors
from tests.deploy.described import DEPLOY
from tests.deploy.test_deploy_lints import PROMETHEUS, tool
from tests.server.conftest import vendors
from tests.server.harness import MOBILE
from tests.server.running import running

__all__ = ["vendors"]

PROMETHEUS_OWN = {"job", "instance", "le"}
"""Labels that Prometheus adds, and those of its histograms."""
SELECTOR = re.compile(r"\b((?:couponhub|process)_\w+)(?:\{([^}]*)\})?")


@cache
def dashboard() -> Mapping[str, Any]:
    """Return what Grafana is given."""
    read: dict[str, Any] = json.loads(
        DEPLOY.joinpath("grafana", "couponhub.json").read_text(encoding="utf-8")
    )
    return read


@cache
def rules() -> tuple[Mapping[str, Any], ...]:
    """Return the alerts."""
    read = yaml.safe_load(DEPLOY.joinpath("prometheus", "rules.yaml").read_text(encoding="utf-8"))
    return tuple(rule for group in read["groups"] for rule in group["rules"])


def shown() -> list[Mapping[str, Any]]:
    """The panels with something in them."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    """Every expression of dashboard and alerts, and what the dashboard's variables ask."""
    for panel in shown():
        yield from (target["expr"] for target in panel["targets"])
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]
    yield from (rule["expr"] for rule in rules())


@pytest.fixture(scope="module")
def figures(vendors: EmulatedVendors, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The figures of a server that was asked, by name, each with its labels."""
    with running(vendors, tmp_path_factory.mktemp("figures")) as server:
        for control in vendors.controls.values():
            control.fail("* *", "status", 503)
        server.post({"customer": {"mobile": MOBILE}, "deadline": 0.5}, server.one_time_token)
        for control in vendors.controls.values():
            control.set_faults()
        server.post({"customer": {"mobile": MOBILE}, "strategy": "compare"}, server.one_time_token)
        server.post({"customer": {"mobil": MOBILE}}, server.one_time_token)
        text = requests.get(f"{server.url}/metrics", timeout=30).text
    page = DEPLOY.parent.joinpath("docs", "observability.md").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if declared := re.match(r"# TYPE (\S+)", line):
            # Labels of those that only imported reports bring are told by the page.
            row = re.search(rf"^\|[^|]*`{declared[1]}`[^|]*\|([^|]*)\|", page, re.MULTILINE)
            found.setdefault(declared[1], set()).update(re.findall(r"`(\w+)`", row[1]) if row else ())
        elif not line.startswith("#"):
            name, labels = re.match(r"(\w+)(?:\{(.*)\})? ", line).groups()  # type: ignore[union-attr] # else the test fails
            found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels or ""))
    return found


def test_every_figure_is_there(figures: dict[str, set[str]]) -> None:
    """A figure that was renamed would leave a panel empty, and an alert silent."""
    named = {name for text in expressions() for name, _ in SELECTOR.findall(text)}
    assert len(named) > 15
    assert set() == named - set(figures) - {"couponhub_http_request_seconds_bucket"}
    shown_figures = {name.removesuffix("_bucket") for name in named}
    own = {
        name
        for name in figures
        if name.startswith("couponhub") and not name.endswith(("_created", "_bucket", "_sum", "_count"))
    }
    declared = {name for name in own if f"{name}_total" not in own}
    # What differs between vendors is a matter of migrations, not of every day.
    assert {"couponhub_lookup_differences", "couponhub_lookup_differences_total"} >= declared - shown_figures


def test_every_label_is_there(figures: dict[str, set[str]]) -> None:
    """Whatever is selected by, or summed by, is a label that one of the figures beside it has."""
    for text in expressions():
        for name, labels in SELECTOR.findall(text):
            wanted = set(re.findall(r"(\w+)\s*[=!]~?", labels)) - PROMETHEUS_OWN
            assert wanted <= figures[name], text
        beside = set().union(*(figures[name] for name, _ in SELECTOR.findall(text)))
        for by in re.findall(r"\bby \(([^)]*)\)", text):
            assert {label.strip() for label in by.split(",")} - PROMETHEUS_OWN <= beside, text


def test_expressions_are_understood(tmp_path: Path) -> None:
    """Those of the dashboard, as rules, by promtool."""
    variables = {"$__rate_interval": "5m", "$job": "couponhub", "$connection": ".*"}
    texts = [target["expr"] for panel in shown() for target in panel["targets"]]
    for variable, value in variables.items():
        texts = [text.replace(variable, value) for text in texts]
    assert not [text for text in texts if "$" in text]
    group = {"name": "x", "rules": [{"record": f"x:{n}", "expr": text} for n, text in enumerate(texts)]}
    tmp_path.joinpath("x.yaml").write_text(json.dumps({"groups": [group]}), encoding="utf-8")
    words = [tool("promtool", PROMETHEUS), "check", "rules", "x.yaml"]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - it is installed here
    assert 0 == ran.returncode, ran.stderr


def test_panels_lie_side_by_side() -> None:
    """No two have one number or one place, all fit the width, and each says where its figures are from."""
    places: set[tuple[int, int]] = set()
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert sorted(set(numbers)) == sorted(numbers)
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not places & own, panel["title"]
        places |= own
    for panel in shown():
        assert {"type": "prometheus", "uid": "${datasource}"} == panel["datasource"]
        assert all(target["legendFormat"] for target in panel["targets"])


def test_every_alert_is_tried() -> None:
    """Each is silent in one of promtool's tests, and fires in another; each says what to do."""
    tested = yaml.safe_load(DEPLOY.joinpath("prometheus", "rules.test.yaml").read_text(encoding="utf-8"))
    told = {True: set[str](), False: set[str]()}
    for case in tested["tests"]:
        for one in case["alert_rule_test"]:
            told[bool(one.get("exp_alerts"))].add(one["alertname"])
    names = {rule["alert"] for rule in rules()}
    assert names == told[True] == told[False]
    assert all(
        rule["annotations"]["action"] and rule["labels"]["severity"] in {"warning", "critical"}
        for rule in rules()
    )
