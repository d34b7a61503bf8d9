"""A real Spark on this machine: a master, two workers and a server of Spark Connect, each a process of its own.

Spark comes from PyPI, in an environment of its own below `build/`, since the whole of pyspark and the client that couponhub's
extra brings are called alike.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

import attrs

from tests.kit.servers import free_port

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / "build" / "spark"
_STARTS_WITHIN_SECONDS = 180.0
_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
_CONNECT_ADDRESS = "spark.connect.grpc.binding"


@attrs.frozen
class Standalone:
    """A cluster that runs.

    Attributes:
        master: spark://host:port.
        connect: sc://host:port, of a server whose work the same workers do.
        environment: What a driver's process needs around it.
        workers: Their processes.
        server: The process of the server.
        started: Seconds until both workers were known, and until the server answered.
    """

    master: str
    connect: str
    environment: dict[str, str]
    workers: "Sequence[subprocess.Popen[bytes]]"
    server: "subprocess.Popen[bytes]"
    started: tuple[float, float]


def python() -> Path:
    """Return the Python of the environment with Spark, which is made first where it is not there; it takes the network."""
    found = ENVIRONMENT / "bin" / "python"
    stamp = ENVIRONMENT / ".made"
    if stamp.exists():
        return found
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    sys.stdout.write("build/spark: installing Spark, some 400 MB ...\n")
    sys.stdout.flush()
    release = version("pyspark-client")
    needs = [
        f"{name}=={version(name)}" for name in ("duckdb", "ibis-framework", "pandas", "pyarrow", "obstore")
    ]
    pip = [str(found), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    _run([sys.executable, "-m", "venv", str(ENVIRONMENT)])
    _run([*pip, "--require-hashes", "--requirement", str(ROOT / "requirements.txt")])
    _run([*pip, f"pyspark=={release}", *needs])
    _run([*pip, "ibis-framework[duckdb]"])
    stamp.touch()
    return found


@contextmanager
def standalone(folder: Path, *, memory: str = "1g") -> Iterator[Standalone]:
    """Start a cluster of two workers of one core each, for the block.

    Args:
        folder: An existing one for its logs and files.
        memory: Of each worker.
    """
    home = _home()
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_NO_DAEMONIZE": "1",
        "SPARK_CONF_DIR": str(folder),
        "PYSPARK_PYTHON": str(python()),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'adapters'}",
    }
    (folder / "spark-defaults.conf").write_text(
        f"spark.executor.memory {memory}\nspark.driver.memory 1g\nspark.local.dir {folder / 'local'}\n"
        "spark.driver.host 127.0.0.1\nspark.sql.shuffle.partitions 8\nspark.cores.max 2\nspark.executor.cores 1\n"
        "spark.ui.enabled false\n"
    )
    port, connect = free_port(), free_port()
    master = f"spark://127.0.0.1:{port}"
    with ExitStack() as held:

        def start(name: str, *words: str) -> "subprocess.Popen[bytes]":
            log = held.enter_context((folder / f"{name}.log").open("wb"))
            command = [str(home / "bin" / "spark-class"), *words]
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)  # noqa: S603 - our own cluster
            held.callback(_end, process)
            return process

        began = time.monotonic()
        start("master", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port),
              "--webui-port", "0")  # fmt: skip
        workers = [
            start(f"worker-{number}", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "2",
                  "--memory", "4g", "--webui-port", "0", "--work-dir", str(folder / f"worker-{number}"), master)
            for number in (1, 2)
        ]  # fmt: skip
        _wait(folder / "master.log", "Registering worker", 2)
        known = time.monotonic() - began
        server = start(
            "connect", "org.apache.spark.deploy.SparkSubmit", "--master", master, "--class", _SERVER,
            "--conf", f"{_CONNECT_ADDRESS}.port={connect}", "--conf", f"{_CONNECT_ADDRESS}.address=127.0.0.1",
            "--name", "Spark Connect", "spark-internal",
        )  # fmt: skip
        _wait(folder / "connect.log", "Spark Connect server started", 1)
        answers = time.monotonic() - began
        yield Standalone(master, f"sc://127.0.0.1:{connect}", environment, workers, server, (known, answers))


def _home() -> Path:
    found = subprocess.run(  # noqa: S603 - our own environment
        [str(python()), "-c", "import pyspark, os; print(os.path.dirname(pyspark.__file__))"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Path(found.stdout.strip())


def _wait(log: Path, text: str, times: int) -> None:
    until = time.monotonic() + _STARTS_WITHIN_SECONDS
    while log.read_text(encoding="utf-8", errors="replace").count(text) < times:
        if time.monotonic() >= until:
            raise TimeoutError(f"Spark did not start: see {log}")
        time.sleep(0.1)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(20)
    process.kill()
    process.wait()


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - our own environment
