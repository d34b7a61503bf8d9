"""The emulators' control API, from Python."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import requests
from requests import Response


class Control:
    """Steers emulated vendors over their control API and reads the truth from it.

    A refused call raises `requests.HTTPError`.

    Args:
        url: Where the emulators are served, e.g. `EmulatorServer.url`.
        vendor: Whose lists and customers are meant, by the adapter's name.
    """

    def __init__(self, url: str, vendor: str) -> None:
        self._url = f"{url}/_emulator"
        self._vendor = vendor

    def reset(self) -> None:
        """Back to the start: vendors empty, no faults, real time."""
        self._send("POST", "/reset")

    def set_clock(self, now: datetime | None) -> None:
        """Move the emulated clock; None returns to real time."""
        self._send("PUT", "/clock", {"now": now and now.isoformat()})

    def set_options(self, **options: Any) -> None:
        """Change options of the vendor."""
        self._send("PUT", "/options", {self._vendor: options})

    def set_faults(self, *rules: Mapping[str, Any]) -> None:
        """Replace all fault rules; without any, all goes well again."""
        self._send("PUT", "/faults", list(rules))

    def fail(self, match: str, fault: str, value: Any = None, times: int | None = None) -> None:
        """Replace all fault rules by one for this vendor."""
        rule = {"vendor": self._vendor, "match": match, "fault": fault, "value": value, "times": times}
        self.set_faults({key: part for key, part in rule.items() if part is not None})

    def add_customer(self, **identifiers: str) -> None:
        """Make a customer known by these identifiers (mobile, email, external_id, id)."""
        self._send("POST", f"/{self._vendor}/customers", {"customers": [identifiers]})

    def codes(self, list_id: str) -> list[dict[str, Any]]:
        """The truth: every code of a list with its status and customer."""
        return list(self._send("GET", f"/{self._vendor}/lists/{list_id}/codes")["items"])

    def issue(
        self,
        list_id: str,
        customer: Mapping[str, str],
        *,
        count: int | None = None,
        codes: Sequence[str] | None = None,
    ) -> list[str]:
        """Hand codes of a list to a customer; answer them."""
        body = {"customer": dict(customer), "count": count, "codes": codes and list(codes)}
        body = {key: part for key, part in body.items() if part is not None}
        return list(self._send("POST", f"/{self._vendor}/lists/{list_id}/issue", body)["codes"])

    def redeem(self, list_id: str, code: str, **details: str) -> None:
        """Record a redemption."""
        self._send("POST", f"/{self._vendor}/lists/{list_id}/redeem", {"code": code, **details})

    def reactivate(self, list_id: str, code: str) -> None:
        """Take the last redemption of a code back, at a vendor that knows of such a thing."""
        self._send("POST", f"/{self._vendor}/lists/{list_id}/reactivate", {"code": code})

    def revoke(self, list_id: str, code: str) -> None:
        """Take a code that was not redeemed from its customer, at a vendor that knows of such a thing."""
        self._send("POST", f"/{self._vendor}/lists/{list_id}/revoke", {"code": code})

    def error_file(self, key: str) -> str:
        """The refused rows of an upload as CSV, by the key that the vendor names."""
        return self._answer("GET", f"/{self._vendor}/error-files/{key}").text

    def requests(self) -> list[dict[str, Any]]:
        """The calls that the vendor saw, oldest first."""
        seen = self._send("GET", "/requests")["items"]
        return [request for request in seen if request["vendor"] == self._vendor]

    def mails(self) -> list[dict[str, Any]]:
        """The mails that were "sent", oldest first."""
        return list(self._send("GET", "/mails")["items"])

    def eml(self, number: int) -> bytes:
        """One of the mails, the first is 1, as a mail program would save it."""
        return self._answer("GET", f"/mails/{number}.eml").content

    def _send(self, method: str, path: str, body: object = None) -> Any:
        return self._answer(method, path, body).json()

    def _answer(self, method: str, path: str, body: object = None) -> Response:
        response = requests.request(method, self._url + path, json=body, timeout=30)
        response.raise_for_status()
        return response
