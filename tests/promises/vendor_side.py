"""What a vendor holds, asked of it over plain HTTP without any of couponhub's own reading."""

from collections import Counter
from typing import Any

import requests

from couponhub.testing import Harness


def list_names(rig: Harness) -> Counter[str]:
    """The names of all lists that the vendor has, with how often each."""
    if rig.plugin.name == "capillary":
        rows = _get(rig, "/v2/coupon/series", limit="1400")["entity"]
        return Counter(row["description"] for row in rows)
    return Counter(row["name"] for row in _get(rig, "/v1/coupon-list")["data"])


def job_count(rig: Harness, list_id: str) -> int:
    """How many code files the vendor was given for a list."""
    if rig.plugin.name == "capillary":
        answer = _get(rig, f"/coupon/api/v1/upload/getUploadStatus/{list_id}")
        return len(answer["result"]["uploadJobStatuses"])
    return len(_get(rig, f"/v1/coupon-list/{list_id}/files")["data"])


def codes(rig: Harness, list_id: str) -> Counter[str]:
    """The codes that a list holds, with how often each."""
    return Counter(row["code"] for row in rig.control.codes(list_id))


def calls(rig: Harness, method: str, part_of_path: str) -> list[dict[str, Any]]:
    """The calls that the vendor saw."""
    return [
        call
        for call in rig.control.requests()
        if call["method"] == method
        and part_of_path in call["path"]
        and not call["headers"].get("User-Agent", "").startswith("vendor-side")
    ]


def _get(rig: Harness, path: str, **query: str) -> Any:
    headers = {"User-Agent": "vendor-side"}
    known = rig.emulator.credentials
    address = f"{rig.server.url}/{rig.plugin.name}"
    if rig.plugin.name == "capillary":
        signed = requests.post(f"{address}/v3/oauth/token/generate", json=known, headers=headers, timeout=10)
        headers["X-CAP-API-OAUTH-TOKEN"] = signed.json()["data"]["accessToken"]
        answer = requests.get(address + path, params=query, headers=headers, timeout=10)
    else:
        headers["MOE-APPKEY"] = known["workspace_id"]
        sign_in = (known["workspace_id"], known["api_key"])
        answer = requests.get(address + path, params=query, headers=headers, auth=sign_in, timeout=10)
    answer.raise_for_status()
    return answer.json()
