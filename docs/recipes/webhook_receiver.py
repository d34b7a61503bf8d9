"""A receiver of couponhub's webhooks, in the standard library; the keys are those of `[webhooks.NAME]`."""

import json
import os
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

SEEN: set[str] = set()
"""The ids of messages that were handled. Keep them in your database, beside what you do about them."""


def receive(body: bytes, headers: Mapping[str, str], key: str) -> int:
    """Return the status to answer with; anything between 200 and 299 says that the message is yours now.

    Args:
        body: As it came, byte for byte: what was parsed and written anew has another signature.
        headers: Of the request.
        key: `whsec_...`.
    """
    try:
        message = Webhook(key).verify(body, dict(headers))
    except WebhookVerificationError:
        return 401
    message_id = headers["webhook-id"]
    if message_id not in SEEN:  # it may come twice
        handle(message)
        SEEN.add(message_id)
    return 204


def handle(message: Mapping[str, object]) -> None:
    """Do what is to be done: quickly, or later from a queue of your own."""
    print(message["type"], json.dumps(message["data"]))


class Receiver(BaseHTTPRequestHandler):
    """Answers each message."""

    def do_POST(self) -> None:
        """Read a message of at most a megabyte."""
        size = min(int(self.headers.get("Content-Length", 0)), 1_000_000)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(receive(self.rfile.read(size), headers, os.environ["COUPONHUB_WEBHOOK_SECRET"]))
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 8800), Receiver).serve_forever()
