"""A stand-in for Capillary's API in a process of its own: answers every lookup after the same time, or never.

As cheap as it can be, so that what asks it is what is measured.
"""

import asyncio
import contextlib
import json
import multiprocessing
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

NEVER = -1.0
"""A delay: accepts the connection, reads the call, and says nothing."""


def coupon(mobile: str, number: int) -> dict[str, object]:
    """One coupon as Capillary's v1.1 prints it."""
    return {
        "id": f"{mobile}{number}",
        "series_id": "12360",
        "series_name": "Spin_The_Wheel",
        "redemption_count": 0,
        "created_date": f"2026-07-{1 + number % 28:02}T16:13:14.000Z",
        "valid_till": "2027-12-31 23:59:59",
        "code": f"6WRNA5UM{mobile[-6:]}{number:03d}",
        "transaction_number": None,
        "issued_at": {"code": "store_001", "name": "Main Store"},
        "purpose": "",
        "custom_properties": {"custom_property": []},
        "redemptions": {},
    }


def answer(mobile: str, coupons: int) -> bytes:
    """The whole answer about one customer."""
    customer = {
        "mobile": mobile,
        "id": "98662653",
        "coupons": {"coupon": [coupon(mobile, number) for number in range(coupons)]},
        "item_status": {"success": "true", "code": 1000, "message": "Coupons retrieved successfully"},
    }
    status = {"success": "true", "code": 200, "message": "Success"}
    return json.dumps({"response": {"status": status, "customers": {"customer": [customer]}}}).encode()


TOKEN = json.dumps({"data": {"accessToken": "T", "ttlSeconds": 3600}, "errors": None}).encode()


async def _serve(delay: float, coupons: int, certificate: Path | None, ready: "Connection") -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *headers = head.decode("latin-1").split("\r\n")
                length = next(
                    (int(one.split(":")[1]) for one in headers if one.lower().startswith("content-length:")),
                    0,
                )
                await reader.readexactly(length)
                method, target, _ = line.split(" ")
                if method == "GET":
                    if delay == NEVER:
                        await asyncio.Event().wait()
                    await asyncio.sleep(delay)
                    body = answer(parse_qs(urlsplit(target).query).get("mobile", ["0"])[0], coupons)
                else:
                    body = TOKEN
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                    % len(body)
                    + body
                )
        writer.close()

    tls = None
    if certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=1000, ssl=tls)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run(delay: float, coupons: int, certificate: Path | None, ready: "Connection") -> None:
    asyncio.run(_serve(delay, coupons, certificate, ready))


def certified(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, as most sites have them today: an elliptic curve's."""
    path = folder / "upstream.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)  # both go into the one file
    return path


@contextlib.contextmanager
def upstream(*, delay: float, coupons: int = 5, certificate: Path | None = None) -> Iterator[str]:
    """Serve one for the length of the block; its address.

    Args:
        delay: Seconds to every answer but that to a sign-in, or NEVER.
        coupons: How many every customer holds.
        certificate: Speak TLS, with this; plain HTTP without.
    """
    receiving, sending = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_run, args=(delay, coupons, certificate, sending), daemon=True
    )
    process.start()
    try:
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{receiving.recv()}"
    finally:
        process.terminate()
        process.join()
