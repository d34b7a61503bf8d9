"""What a vendor holds, asked of it over plain HTTP without any of couponhub's own reading."""

from collections import Counter
from typing import Any

import requests

from couponhub.testing import Harness


def list_names(harness: Harness) -> Counter[str]:
    """The names of all lists that the vendor has, with how often each."""
    if harness.plugin.name == "capillary":
        rows = _get(harness, "/v2/coupon/series", limit="1400")["entity"]
        return Counter(row["description"] for row in rows)
    return Counter(row["name"] for row in _get(harness, "/v1/coupon-list")["data"])


def job_count(harness: Harness, list_id: str) -> int:
    """How many code files the vendor was given for a list."""
    if harness.plugin.name == "capillary":
        answer = _get(harness, f"/coupon/api/v1/upload/getUploadStatus/{list_id}")
        return len(answer["result"]["uploadJobStatuses"])
    return len(_get(harness, f"/v1/coupon-list/{list_id}/files")["data"])


def codes(harness: Harness, list_id: str) -> Counter[str]:
    """The codes that a list holds, with how often each."""
    return Counter(row["code"] for row in harness.control.codes(list_id))


def calls(harness: Harness, method: str, part_of_path: str) -> list[dict[str, Any]]:
    """The calls that the vendor saw."""
    return [
        call
        for call in harness.control.requests()
        if call["method"] == method
        and part_of_path in call["path"]
        and not call["headers"].get("User-Agent", "").startswith("vendor-side")
    ]


def _get(harness: Harness, path: str, **query: str) -> Any:
    headers = {"User-Agent": "vendor-side"}
    known = harness.emulator.credentials
    address = f"{harness.server.url}/{harness.plugin.name}"
    if harness.plugin.name == "capillary":
        signed = requests.post(f"{address}/v3/oauth/token/generate", json=known, headers=headers, timeout=10)
        headers["X-CAP-API-OAUTH-TOKEN"] = signed.json()["data"]["accessToken"]
        answer = requests.get(address + path, params=query, headers=headers, timeout=10)
    else:
        headers["MOE-APPKEY"] = known["workspace_id"]
        sign_in = (known["workspace_id"], known["api_key"])
        answer = requests.get(address + path, params=query, headers=headers, auth=sign_in, timeout=10)
    answer.raise_for_status()
    return answer.json()
