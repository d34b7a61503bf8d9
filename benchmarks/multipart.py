"""A file of codes sent as multipart/form-data to a server on loopback that reads it and keeps nothing, beside `curl -F`.

    .venv/bin/python benchmarks/multipart.py --megabytes 1000

Prints how long each took, in turns, and how much memory couponhub used beyond what it had at rest.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from couponhub.secret import Secret
from couponhub.transport import BasicAuth, FilePart, Multipart, Request, Transport, TransportSettings

_BUFFER = 1 << 20


def drain(listening: socket.socket) -> None:
    """Read one request after the other to its end, and say {} to each."""
    buffer = memoryview(bytearray(_BUFFER))
    while True:
        connected, _ = listening.accept()
        with connected:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connected.recv(65536)
            head, _, body = head.partition(b"\r\n\r\n")
            lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            if b"expect" in lines:
                connected.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            left = int(lines[b"content-length"]) - len(body)
            while left > 0:
                left -= connected.recv_into(buffer) or left
            connected.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"
                b"Connection: close\r\n\r\n{}"
            )


def send(url: str, path: Path) -> dict[str, float]:
    """Send a file by the transport of couponhub, as an adapter does."""
    part = FilePart(
        name="file",
        filename=path.name,
        content_type="text/csv",
        size=path.stat().st_size,
        open=lambda: path.open("rb"),
    )
    form = Multipart(fields={"name": "codes"}, file=part)
    request = Request(operation="upload", method="POST", path="/files", multipart=form, changes=True)
    transport = Transport(
        connection="bench",
        base_url=url,
        auth=BasicAuth("u", Secret("p")),
        settings=TransportSettings(timeout=300.0, patience=600.0),
    )
    with closing(transport):
        at_rest = (
            int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
        )
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forgets the peak of the imports
        started, cpu = time.perf_counter(), time.process_time()
        transport.call(request, lambda reply: reply.decoded())
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    return {"seconds": seconds, "cpu": cpu, "memory": peak - at_rest}


def curl(url: str, path: Path) -> dict[str, float]:
    """Send it by curl, which tells how long that took without its own start; its CPU is with that."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(
        [
            *("curl", "-sS", "-o", os.devnull, "-w", "%{time_total}"),
            *("-F", "name=codes", "-F", f"file=@{path};type=text/csv", f"{url}/files"),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": float(told), "cpu": cpu}


def ours(url: str, path: Path) -> dict[str, float]:
    """Send it in a process of its own."""
    told = subprocess.run(
        [sys.executable, __file__, "--send", url, str(path)], check=True, capture_output=True, text=True
    ).stdout
    found: dict[str, float] = json.loads(told)
    return found


def write(path: Path, megabytes: int) -> None:
    """Write a file of codes of that size."""
    block = "".join(f"CODE-{number:08d}\n" for number in range(71_429)).encode()[:1_000_000]
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(block)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--send", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.send:
        print(json.dumps(send(arguments.send[0], Path(arguments.send[1]))))
        return
    if shutil.which("curl") is None:
        raise SystemExit("curl is not installed")
    listening = socket.create_server(("127.0.0.1", 0))
    server = multiprocessing.get_context("fork").Process(target=drain, args=(listening,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "codes.csv"
        write(path, arguments.megabytes)
        curl(url, path)  # warms the disk's cache
        runs = [(curl(url, path), ours(url, path)) for _ in range(arguments.runs)]
    server.kill()
    size = arguments.megabytes
    print(f"| {size:,} MB | `curl -F` | couponhub | ratio |\n|---|---|---|---|")
    for name, key in (("clock", "seconds"), ("CPU", "cpu")):
        theirs, mine = (statistics.median(run[at][key] for run in runs) for at in (0, 1))
        print(
            f"| {name}, median of {len(runs)} | {theirs:.2f} s | {mine:.2f} s | {theirs / mine:.2f} times as fast |"
        )
    memory = max(run[1]["memory"] for run in runs)
    print(f"| memory beyond that at rest | | {memory / (1 << 20):.1f} MiB | |")


if __name__ == "__main__":
    main()
