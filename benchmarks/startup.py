"""How long couponhub takes to start, beside what it cannot do without. See README.md here."""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import attrs

HERE = Path(__file__).parent
HELP = "from couponhub.cli import main; raise SystemExit(main(['--help']))"


@attrs.frozen(kw_only=True)
class Measured:
    """One command line. `against` and `target`: the title it is compared with, and the ratio it should keep."""

    title: str
    command: tuple[str, ...]
    against: str | None = None
    target: float | None = None


CASES = (
    Measured(title="python -c pass", command=(sys.executable, "-c", "pass")),
    Measured(title="import attrs", command=(sys.executable, "-c", "import attrs")),
    Measured(
        title="import couponhub",
        command=(sys.executable, "-c", "import couponhub"),
        against="import attrs",
        target=1.3,
    ),
    Measured(title="click hello --help", command=(sys.executable, str(HERE / "click_hello.py"), "--help")),
    Measured(
        title="couponhub --help, as a call",
        command=(sys.executable, "-c", HELP),
        against="click hello --help",
        target=1.7,
    ),
    Measured(
        title="couponhub --help, as installed",
        command=(str(Path(sys.executable).with_name("couponhub")), "--help"),
        against="click hello --help",
        target=1.7,
    ),
)


def seconds(command: tuple[str, ...]) -> float:
    """Wall time of one run, from before the process is there to after it is gone."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure(runs: int) -> dict[str, list[float]]:
    """Times by title. The cases take turns, so that a busy moment of the machine hits all of them."""
    for case in CASES:
        seconds(case.command)  # warms the byte code and the disk
    times: dict[str, list[float]] = {case.title: [] for case in CASES}
    for _ in range(runs):
        for case in CASES:
            times[case.title].append(seconds(case.command))
    return times


def print_table(times: dict[str, list[float]]) -> None:
    """Markdown, for a pull request or the page of results."""
    medians = {title: statistics.median(taken) for title, taken in times.items()}
    print("| What | Median ms | Fastest ms | Ratio | Target |")
    print("|---|---:|---:|---:|---:|")
    for case in CASES:
        ratio = f"{medians[case.title] / medians[case.against]:.2f} x {case.against}" if case.against else ""
        target = f"<= {case.target}" if case.target else ""
        print(
            f"| `{case.title}` | {medians[case.title] * 1000:.0f} | {min(times[case.title]) * 1000:.0f} | {ratio} | {target} |"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="how often each case is run (default: 15)")
    print_table(measure(parser.parse_args().runs))


if __name__ == "__main__":
    main()
