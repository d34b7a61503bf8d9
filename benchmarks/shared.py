"""What machines share: quotas in each kind of store, the second level of the memory, and one call for all who ask at once.

PostgreSQL and Redis are started for it.

.venv/bin/python benchmarks/shared.py
"""

import argparse
import contextlib
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs
import requests

sys.path.insert(0, str(Path(__file__).parents[1]))

from served import config_text, running
from upstream import upstream

from couponhub import CouponHub, Customer
from couponhub.models import Source
from couponhub.secret import Secret
from couponhub.state import Granted, Quotas, QuotaStore, SharedSettings, StoreSettings, Window, open_state
from couponhub.state.redis.link import Link
from couponhub.state.redis.quotas import RedisQuotas
from couponhub.transport.observing import Observer, VendorCall
from tests.kit.servers import running_postgresql

KEY = "5" * 64
CUSTOMERS = 40
THREADS = 16
PROCESSES = 2
LAST = Window("calls_per_day", 300, 86_400)


@contextlib.contextmanager
def redis_at() -> Iterator[str]:
    """Start a server for the length of the block; its address."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise SystemExit("needs redis-server or valkey-server")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


@attrs.define
class Counting(Observer):
    """Counts the lookups that reach the vendor."""

    calls: int = 0
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:  # noqa: ARG002 - as of the protocol
        """See `Observer.began`."""
        with self._lock:
            self.calls += operation.startswith("customer")
        return lambda _: None


def config_at(folder: Path, vendor: str, redis: str | None) -> Path:
    """A config of one machine."""
    folder.mkdir(exist_ok=True)
    path = folder / "couponhub.toml"
    text = config_text(folder, {"loyalty": vendor}) + f'key = "{KEY}"\n'
    path.write_text(text + (f'[shared]\nurl = "{redis}"\n' if redis else ""))
    return path


def microseconds(call: Callable[[], object], calls: int) -> float:
    """The mean of so many calls."""
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls * 1e6


def quota_store(address: str) -> QuotaStore:
    """The quotas of Redis, or of a state."""
    if address.startswith("redis:"):
        return RedisQuotas(Link(SharedSettings(url=Secret(address))))
    return open_state(StoreSettings(url=address)).quotas


def quotas(addresses: Mapping[str, str]) -> None:
    """Print what a call costs, leased and not, in each kind of store; the goal is 5 us for a leased one."""
    limits = {"calls_per_minute": 10**8, "calls_per_day": 10**9}
    windows = [Window("calls_per_minute", 10**8, 60), Window("calls_per_day", 10**9, 86_400)]
    print("| a call of a quota | leased | not leased | of 300, granted to 8 threads in 2 processes |")
    print("|---|---|---|---|")
    for name, address in addresses.items():
        store = quota_store(address)
        account = Quotas(store).of(name, limits)
        microseconds(lambda: account.take("calls"), 2_000)  # noqa: B023 - called at once
        leased = min(microseconds(lambda: account.take("calls"), 20_000) for _ in range(5))  # noqa: B023 - the same
        bare = min(microseconds(lambda: store.take("bare", "calls", windows, 1), 500) for _ in range(5))  # noqa: B023 - the same
        print(f"| {name} | {leased:.1f} us | {bare:.0f} us | {exact(address)} |", flush=True)


def _take(address: str, granted: "multiprocessing.Queue[int]") -> None:
    store = quota_store(address)
    got = [0] * 4

    def run(number: int) -> None:
        got[number] = sum(isinstance(store.take("exact", "calls", [LAST], 1), Granted) for _ in range(200))

    _threads([lambda number=number: run(number) for number in range(4)])  # type: ignore[misc] # mypy infers no lambda with a default
    granted.put(sum(got))


def exact(address: str) -> int:
    """How many of 300 calls eight threads in two processes were granted, who ask 1,600 times."""
    granted: multiprocessing.Queue[int] = multiprocessing.get_context("spawn").Queue()
    _processes([(_take, (address, granted))] * 2)
    return granted.get() + granted.get()


def levels(folder: Path, vendor: str, redis: str, customers: int) -> None:
    """Print what a lookup takes that is answered from this process's memory, and from Redis."""
    people = [Customer(mobile=f"9198765{number:05d}") for number in range(customers)]
    with (
        CouponHub.from_config(config_at(folder / "one", vendor, redis)) as one,
        CouponHub.from_config(config_at(folder / "other", vendor, redis)) as other,
    ):
        for person in people:
            one.lookup(person)
        other.lookup(Customer(mobile="919000000000"))
        time.sleep(0.2)
        second, first = (
            [_took(other, person) for person in people],
            [_took(other, person) for person in people],
        )
    _print_levels("in this process", first, second)


def levels_served(folder: Path, vendor: str, redis: str, customers: int) -> None:
    """As `levels`, of a lookup that a server answers over HTTP to a client with a connection that is kept."""
    people = [f"9198755{number:05d}" for number in range(customers)]
    served = {**os.environ, "COUPONHUB_CONFIG": str(config_at(folder / "served", vendor, redis))}
    with (
        CouponHub.from_config(config_at(folder / "beside", vendor, redis)) as beside,
        running(served) as (url, token, _),
        requests.Session() as session,
    ):
        session.headers["Authorization"] = f"Bearer {token}"

        def took(mobile: str) -> float:
            started = time.perf_counter()
            answer = session.post(f"{url}/v1/lookup", json={"customer": {"mobile": mobile}}, timeout=30)
            seconds = time.perf_counter() - started
            if answer.json()["answers"][0]["source"] != "cache":
                raise SystemExit("the answer was not remembered")
            return seconds

        for mobile in people:
            beside.lookup(Customer(mobile=mobile))
        time.sleep(0.2)
        took(people[0])
        second, first = [took(mobile) for mobile in people[1:]], [took(mobile) for mobile in people[1:]]
    _print_levels("over HTTP", first, second)


def _print_levels(where: str, first: Sequence[float], second: Sequence[float]) -> None:
    one_level, two_levels = statistics.median(first), statistics.median(second)
    print(
        f"\n| a lookup of 5 coupons, answered {where} | median | ratio |\n|---|---|---|\n"
        f"| from the memory of that process | {one_level * 1e6:.0f} us | 1.00 |\n"
        f"| from Redis | {two_levels * 1e6:.0f} us | {two_levels / one_level:.2f} |"
    )


def _took(hub: CouponHub, person: Customer) -> float:
    started = time.perf_counter()
    answer = hub.lookup(person)
    took = time.perf_counter() - started
    if answer.answers[0].source is not Source.CACHE:
        raise SystemExit("the answer was not remembered")
    return took


def _ask(
    config: Path,
    ready: "multiprocessing.synchronize.Barrier",
    asked: "multiprocessing.Queue[tuple[int, float]]",
) -> None:
    counting = Counting()
    with CouponHub.from_config(config, observer=counting) as hub:
        hub.lookup(Customer(mobile="919000000000"))
        counting.calls = 0
        people = [Customer(mobile=f"9198760{number:05d}") for number in range(CUSTOMERS)]
        ready.wait()
        started = time.perf_counter()

        def run(number: int) -> None:
            for person in people[number:] + people[:number]:
                if not hub.lookup(person).complete:
                    raise SystemExit("an answer is not complete")

        _threads([lambda number=number: run(number) for number in range(THREADS)])  # type: ignore[misc] # as above
        asked.put((counting.calls, time.perf_counter() - started))


def at_once(folder: Path, vendor: str, redis: str | None) -> None:
    """Print how many calls it costs when two processes ask for the same customers at once."""
    context = multiprocessing.get_context("spawn")
    ready, asked = context.Barrier(PROCESSES), context.Queue()
    configs = [
        config_at(folder / f"{'with' if redis else 'without'}-{number}", vendor, redis)
        for number in range(PROCESSES)
    ]
    _processes([(_ask, (config, ready, asked)) for config in configs])
    got = [asked.get() for _ in configs]
    calls, took = sum(one for one, _ in got), max(seconds for _, seconds in got)
    asks = CUSTOMERS * THREADS * PROCESSES
    print(
        f"| {'with' if redis else 'without'} `[shared]` | {asks} | {calls} | {calls / CUSTOMERS:.2f} | {took:.2f} s |"
    )


def _threads(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _processes(works: Sequence[tuple[Callable[..., None], tuple[object, ...]]]) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=work, args=arguments) for work, arguments in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=500, help="of the two levels")
    arguments = parser.parse_args()
    print(f"Load {os.getloadavg()[0]:.1f}.\n")
    with (
        redis_at() as redis,
        running_postgresql(is_durable=True) as server,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        postgresql = server.url(server.new_database())
        quotas({"SQLite": f"sqlite:///{folder}/q.db", "PostgreSQL": postgresql, "Redis": redis})
        with upstream(delay=0.0) as vendor:
            levels(folder, vendor, redis, arguments.customers)
            levels_served(folder, vendor, redis, arguments.customers)
        with upstream(delay=0.05) as vendor:
            print("\n| two processes | asks | calls | calls a customer | took |\n|---|---|---|---|---|")
            at_once(folder, vendor, None)
            at_once(folder, vendor, redis)


if __name__ == "__main__":
    main()
