"""Heavy libraries are there for those who have many codes, and for nobody else."""

import subprocess
import sys
from pathlib import Path

CONFIG = """
[store]
url = "sqlite:///{folder}/state.db"
[connections.loyalty]
adapter = "capillary"
base_url = "http://127.0.0.1:1"
username = "u"
password = "p"
auth = "basic"
"""
PROGRAM = """
import sys
from couponhub import CouponHub, Customer
from couponhub.cli import main
assert main(["--help"]) == 0
with CouponHub.from_config(sys.argv[1]) as hub:
    assert not hub.lookup(Customer(mobile="919876543210")).complete
print(sorted({"numpy", "ibis", "duckdb", "pyarrow", "pandas", "obstore", "pyspark", "grpc"} & set(sys.modules)))
"""


def test_help_and_lookup_do_without(tmp_path: Path) -> None:
    """Importing couponhub, its help and a lookup import no engine of sets, and none of what they stand on."""
    config = tmp_path / "couponhub.toml"
    config.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    command = (sys.executable, "-c", PROGRAM, str(config))
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own code
    assert "[]" == run.stdout.strip().rpartition("\n")[2], run.stderr
