"""Whole codes, to somebody without the right to see any: on no page, in no table, by no way around."""

import html
import json
from collections.abc import Iterator

from werkzeug.test import TestResponse

from couponhub.state import Scope
from tests.console.harness import ConsoleHarness
from tests.console.test_jobs import held, list_of

ABOUT = ("919876543210", "a.buyer@example.com", "EXT-007")


def test_no_code_is_told_without_the_right_to_see_codes(console: ConsoleHarness) -> None:
    """Neither of a customer's nor of a list's, in answers, explanations, jobs, calls, acts, tables, or what is tried out."""
    job = held(console, "unseen", "UNSEEN-0001", "UNSEEN-0002")
    codes = {row["code"] for name in console.hub for row in _rows(console, name)} | {
        "UNSEEN-0001",
        "UNSEEN-0002",
    }
    assert len(codes) > 50
    console.sign_in(*({*Scope} - {Scope.CODES_REVEAL}))

    answers = dict(_answers(console, job))

    for what, answer in answers.items():
        text = html.unescape(answer.get_data(as_text=True))
        assert {*()} == {code for code in codes if code in text}, what
    assert 3 == sum("***" in answers[f"lookup {about}"].text for about in ABOUT)
    assert "***" in answers["try lookup"].text
    assert sum(name.startswith("try ") and answer.status_code == 200 for name, answer in answers.items()) > 10
    assert answers["reveal"].status_code == answers["rows"].status_code == 403
    acts = [str(one.action) for one in console.hub.state.audit.page().events]
    assert not any("reveal" in act for act in acts)


def _rows(console: ConsoleHarness, name: str) -> Iterator[dict[str, str]]:
    for one in console.hub[name].lists.iterate():
        yield from console.controls[name].codes(str(one.id))


def _answers(console: ConsoleHarness, job: str) -> Iterator[tuple[str, TestResponse]]:
    client, list_id = console.client, list_of(console.hub)
    for about in ABOUT:
        yield f"lookup {about}", console.post("/", customer=about)
        yield f"why {about}", console.post("/lookup/why", customer=about)
    found = client.post(
        "/", data={"csrf": console.csrf, "customer": ABOUT[0]}, headers={"HX-Request": "true"}
    )
    yield "fragment", found
    yield "reveal", console.post("/lookup/reveal", customer=ABOUT[0], reference="x")
    yield "rows", console.post(f"/jobs/{job}/rows")
    for name in console.hub:
        for one in console.hub[name].lists.iterate():
            for more in (
                "",
                "/uploads",
                "/stock",
                "/usage",
                "/usage-day.csv",
                "/usage-campaign.csv",
                "/change",
            ):
                yield f"{one.id}{more}", client.get(f"/lists/{name}/{one.id}{more}")
    for path in (f"/jobs/{job}", f"/jobs/{job}/parts/1", f"/jobs/{job}/cancel", f"/uploads/{job}/check"):
        yield path, client.get(path)
    for path in (
        "/lists?status=all",
        "/jobs",
        "/connections",
        "/audit",
        "/audit.csv",
        "/requests",
        "/access",
        "/docs",
    ):
        yield path, client.get(path)
    for operation in console.app.api.operations:  # type: ignore[attr-defined] # it is an `App`
        body = json.dumps(operation.example) if operation.takes is not None else ""
        words = {f"query.{one.name}": one.words[-1] for one in operation.parameters if one.words}
        parts = {
            "path.connection": "capillary",
            "path.list_id": list_id,
            "path.upload_id": job,
            "path.job_id": job,
        }
        if operation.name == "lookup":
            body = json.dumps({"customer": {"mobile": ABOUT[0]}})
        yield (
            f"try {operation.name}",
            console.post(f"/try/{operation.name}", None, body=body, **words, **parts),
        )
