"""The description of the endpoint: valid OpenAPI, made of what there is, and a page that needs nobody else."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from couponhub.server.bounds import LONGEST_TEXT, MOST_CUSTOMERS, MOST_ITEMS
from couponhub.server.openapi import request_schema
from couponhub.server.request_models import LONGEST_DEADLINE, BatchRequest, LookupRequest, RequestReader
from couponhub.state import Scope
from tests.server.harness import MOBILE, NEIGHBOUR, ServerHarness


@pytest.fixture
def described(harness: ServerHarness) -> dict[str, Any]:
    """The OpenAPI document."""
    document = harness.get("/openapi.json").json
    assert isinstance(document, dict)
    return document


def conforms(described: dict[str, Any], name: str, document: Any) -> None:
    """Check a document against a schema of the description."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(document)


def test_the_description_is_valid(described: dict[str, Any]) -> None:
    """OpenAPI 3.1, by the rules of its authors."""
    validate(described)
    assert "3.1.0" == described["openapi"]


def test_every_endpoint_is_described(described: dict[str, Any]) -> None:
    """Each with the scope that it takes, and a name of its own."""
    operations = [one for verbs in described["paths"].values() for one in verbs.values()]
    assert {
        "/v1/lookup",
        "/v1/lookup/batch",
        "/v1/connections",
        "/v1/connections/{connection}/lists",
        "/v1/connections/{connection}/lists/{list_id}",
        "/v1/connections/{connection}/lists/{list_id}/activate",
        "/v1/connections/{connection}/lists/{list_id}/archive",
        "/v1/connections/{connection}/lists/{list_id}/uploads",
        "/v1/connections/{connection}/lists/{list_id}/uploads/{upload_id}",
        "/v1/jobs",
        "/v1/jobs/{job_id}",
        "/v1/jobs/{job_id}/pause",
        "/v1/jobs/{job_id}/resume",
        "/v1/jobs/{job_id}/cancel",
        "/v1/jobs/{job_id}/throttle",
        "/v1/callbacks/{token}",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
    } == set(described["paths"])
    assert len(operations) == len({one["operationId"] for one in operations})
    assert [{"token": ["lookup"]}] == described["paths"]["/v1/lookup"]["post"]["security"]
    assert {"200", "400", "401", "403", "404", "408", "413", "415", "429", "500", "503"} == set(
        described["paths"]["/v1/lookup"]["post"]["responses"]
    )


def test_answers_are_as_described(harness: ServerHarness, described: dict[str, Any]) -> None:
    """Lookups, listings, problems: what is said of them holds."""
    token = harness.token(Scope.ADMIN)
    conforms(described, "lookup", harness.lookup(token).json)
    unknown = harness.lookup(token, connections=["capillary", "moengage"]).json
    conforms(described, "lookup", unknown)
    conforms(described, "connections", harness.get("/v1/connections", token).json)
    for connection in ("capillary", "moengage"):
        lists = harness.get(f"/v1/connections/{connection}/lists", token).json
        conforms(described, "lists", lists)
        assert lists is not None
        list_id = lists["items"][0]["id"]
        conforms(described, "list", harness.get(f"/v1/connections/{connection}/lists/{list_id}", token).json)
    uploads = harness.get(f"/v1/connections/moengage/lists/{list_id}/uploads", token).json
    conforms(described, "uploads", uploads)
    conforms(described, "problem", json.loads(harness.get("/v1/connections").text))


def test_examples_can_be_asked(described: dict[str, Any]) -> None:
    """They are read as requests, and conform to the schema beside them."""
    for path, cls in (("/v1/lookup", LookupRequest), ("/v1/lookup/batch", BatchRequest)):
        body = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        conforms(described, cls.__name__, body["example"])
        assert isinstance(RequestReader().read(body["example"], cls), cls)


def test_bodies_are_described_by_their_classes() -> None:
    """Every field with its words; what is required comes first."""
    schema = request_schema(LookupRequest)
    assert "customer" == next(iter(schema["properties"]))
    assert ["customer"] == schema["required"]
    assert LONGEST_DEADLINE == schema["properties"]["deadline"]["maximum"]
    assert all(one["description"] for one in schema["properties"].values())
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"customer": {"mobile": MOBILE, "email": "a@b.example"}},
        {"customer": {}},
        {"customer": {"mobile": MOBILE}, "deadline": 0},
        {"customer": {"mobile": MOBILE}, "deadline": LONGEST_DEADLINE + 1},
        {"customer": {"mobile": MOBILE}, "status": "gone"},
        {"customer": {"mobile": MOBILE}, "raw": "yes"},
        {"customer": {"mobile": MOBILE}, "colour": "red"},
        {"customer": {"mobile": MOBILE}, "sort": "amount"},
        {"customer": {"mobile": MOBILE}, "limit": 0},
        {},
    ],
)
def test_what_is_refused_does_not_conform(described: dict[str, Any], body: Any) -> None:
    """Clients that check before they send are told the same."""
    schema = {"$ref": "#/components/schemas/LookupRequest", "components": described["components"]}
    assert not Draft202012Validator(schema).is_valid(body)


class Links(HTMLParser):
    """Takes note of what a page would fetch, of where it points, and of what it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one."""
        given = dict(attrs)
        self.tags.add(tag)
        self.links |= {given[name] or "" for name in ("href", "src", "action") if name in given}
        self.names |= {given["id"] or ""} if "id" in given else set()


def test_the_page_needs_nobody_else(harness: ServerHarness) -> None:
    """No script, no style, no picture from elsewhere, and a policy that would refuse them; its links lead somewhere."""
    answer = harness.get("/docs", environ_base=NEIGHBOUR)
    page = Links(answer.text)
    assert "text/html" == answer.mimetype
    assert not {"script", "link", "img", "iframe", "form"} & page.tags
    assert set() == {link for link in page.links if not link.startswith("#")} - {"openapi.json"}
    assert set() == {link.removeprefix("#") for link in page.links if link.startswith("#")} - page.names
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_page_tells_of_every_endpoint(harness: ServerHarness, described: dict[str, Any]) -> None:
    """With what it takes and gives."""
    text = harness.get("/docs", environ_base=NEIGHBOUR).text
    for path in described["paths"]:
        assert re.search(rf"</span> {re.escape(path)}</code>", text), path
    assert "codes:reveal" in text
    assert "A customer, by exactly one identifier." in text


def test_bounds_are_described() -> None:
    """Whoever writes a client by the description need not find them out."""
    many, one = (request_schema(cls)["properties"] for cls in (BatchRequest, LookupRequest))
    assert MOST_CUSTOMERS == many["customers"]["maxItems"]
    assert (MOST_ITEMS, LONGEST_TEXT) == (
        one["connections"]["maxItems"],
        one["connections"]["items"]["maxLength"],
    )
    assert MOST_ITEMS == one["status"]["anyOf"][1]["maxItems"]
