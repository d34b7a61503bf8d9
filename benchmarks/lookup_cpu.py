"""CPU of one customer lookup through couponhub, beside the obvious `requests.Session().get(...).json()`.

Both ask the same server on loopback, which runs in a process of its own and always answers the same 20
coupons. CPU is this process's user and system time per call; the runs of both alternate.
"""

import argparse
import json
import multiprocessing
import socketserver
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from couponhub import CouponHub, Customer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MOBILE = "919876543210"


def coupon(number: int) -> dict[str, object]:
    """One coupon as Capillary's v1.1 prints it."""
    return {
        "id": str(163267982 + number),
        "series_id": "12360",
        "series_name": "Spin_The_Wheel",
        "redemption_count": 0,
        "created_date": "2026-07-29T16:13:14.000Z",
        "valid_till": "2027-12-31 23:59:59",
        "code": f"6WRNA5UM{number:05d}",
        "transaction_number": None,
        "issued_at": {"code": "store_001", "name": "Main Store"},
        "purpose": "",
        "custom_properties": {"custom_property": []},
        "redemptions": {},
    }


def answer(coupons: int) -> bytes:
    """The whole answer."""
    customer = {
        "mobile": MOBILE,
        "id": "98662653",
        "coupons": {"coupon": [coupon(number) for number in range(coupons)]},
        "item_status": {"success": "true", "code": 1000, "message": "Coupons retrieved successfully"},
    }
    status = {"success": "true", "code": 200, "message": "Success"}
    return json.dumps({"response": {"status": status, "customers": {"customer": [customer]}}}).encode()


def serve(coupons: int, ready: "Connection") -> None:
    """Answer every request on a connection with the same bytes, as cheaply as possible."""
    token = json.dumps({"data": {"accessToken": "T", "ttlSeconds": 3600}, "errors": None}).encode()
    bodies = {b"GET": answer(coupons), b"POS": token}

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline():
                length = 0
                while (header := self.rfile.readline()) not in {b"\r\n", b""}:
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                self.rfile.read(length)
                body = bodies[line[:3]]
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                self.wfile.write(head.encode() + body)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        ready.send(server.server_address[1])
        server.serve_forever()


def cpu_per_call(call: Callable[[], object], calls: int) -> float:
    """Seconds of this process per call."""
    before = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - before) / calls


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--coupons", type=int, default=20)
    arguments = parser.parse_args()
    receiving, sending = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(arguments.coupons, sending), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{receiving.recv()}"
    with tempfile.TemporaryDirectory() as folder, requests.Session() as session:
        config = Path(folder) / "couponhub.toml"
        config.write_text(
            f'[connections.loyalty]\nadapter = "capillary"\nbase_url = "{url}"\nkey = "k"\nsecret = "s"\n'
            f'limits = {{ calls_per_minute = 1000000 }}\n[store]\nurl = "sqlite:///{folder}/couponhub.db"\n'
        )
        with CouponHub.from_config(config) as hub:
            customers = hub["loyalty"].customers
            customer = Customer(mobile=MOBILE)

            def ours() -> object:
                return customers.coupons(customer).coupons

            def bare() -> object:
                parameters = {"mobile": MOBILE, "format": "json", "limit": "1000"}
                headers = {"X-CAP-API-OAUTH-TOKEN": "T", "Accept": "application/json"}
                return session.get(
                    f"{url}/v1.1/customer/coupons", params=parameters, headers=headers, timeout=30
                ).json()

            for call in (ours, bare):
                cpu_per_call(call, 50)
            pairs = [
                (cpu_per_call(ours, arguments.calls), cpu_per_call(bare, arguments.calls))
                for _ in range(arguments.rounds)
            ]
    server.terminate()
    ours_median, bare_median = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    print("| | CPU per call, median | ratio |\n|---|---|---|")
    print(f"| `requests.Session().get(...).json()` | {bare_median:.0f} us | 1.00 |")
    print(f"| `connection.customers.coupons(...)` | {ours_median:.0f} us | {ratio:.2f} |")


if __name__ == "__main__":
    main()
