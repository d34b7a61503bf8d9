"""The end of `couponhub demo`: a list moves from one vendor to the other, and another one moves the other way."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from couponhub.cli.demo_env import DemoEnvironment, run, say
from couponhub.hub import CouponHub
from couponhub.models import NewCouponList

_CODES, _HELD = 40, 5


def show_migrations(
    here: DemoEnvironment, mobile: str, new_list: Mapping[str, NewCouponList], *, stays: bool = True
) -> list[Path]:
    """Move a list in each direction; return the pages of the reports.

    Args:
        here: The stage.
        mobile: A customer, who holds codes of both lists.
        new_list: The list that is to be made and filled at each vendor, by connection.
        stays: Whether the pages outlive the demo.
    """
    here.hurry()  # nobody is to look on while vendors take their time
    with _pages(None if stays else here.folder) as folder:
        say(
            f"And when a vendor is left? Capillary holds {_CODES} spring codes, {_HELD} of which a customer has. A plan says what"
            " moves to MoEngage, what is lost on the way, and when it ends:"
        )
        source = _filled(here, "capillary", new_list["capillary"], mobile)
        (here.folder / "people.csv").write_text(f"mobile\n{mobile}\n", encoding="utf-8")
        run(
            *("migrate", "plan", "--from", "capillary", "--list", source),
            *("--to", "moengage", "--create", "--set", "created_by=demo"),
            *("--codes", "capillary.csv", "--customers", "people.csv", "--out", "to-moengage.json"),
        )
        _apply("to-moengage.json", folder / "to-moengage.html")

        say(
            "The other way: MoEngage cannot be asked who holds a code, so a file says it. Each goes along with its customer:"
        )
        source = _filled(here, "moengage", new_list["moengage"], mobile)
        rows = "".join(f"{mobile},{code}\n" for code in _codes("moengage")[:_HELD])
        (here.folder / "holders.csv").write_text(f"mobile,code\n{rows}", encoding="utf-8")
        series = [word for pair in new_list["capillary"].extra.items() for word in ("--set", "=".join(pair))]
        run(
            *(
                "migrate",
                "plan",
                "--from",
                "moengage",
                "--list",
                source,
                "--to",
                "capillary",
                "--create",
                *series,
            ),
            *("--codes", "moengage.csv", "--customers", "holders.csv", "--out", "to-capillary.json"),
        )
        _apply("to-capillary.json", folder / "to-capillary.html")
        return sorted(folder.iterdir())


def _apply(plan: str, page: Path) -> None:
    say("Whoever has reviewed it confirms its digest:")
    digest = json.loads(Path(plan).read_text(encoding="utf-8"))["digest"]
    run("migrate", "apply", plan, "--confirm", digest)
    say("Is every code where it was planned to be? Both vendors are asked, and each code is in one class:")
    run("migrate", "verify", plan)
    say("And a page tells what became of every code:")
    run("migrate", "report", plan, "--html", str(page))


def _filled(here: DemoEnvironment, connection: str, new: NewCouponList, mobile: str) -> str:
    """Make a list that holds codes, some of which a customer has; return its id. It is history, and so is not shown."""
    codes = _codes(connection)
    file = here.folder / f"{connection}.csv"
    file.write_text("".join(f"{line}\n" for line in ("code", *codes)), encoding="utf-8")
    with CouponHub.from_config() as hub:
        made = hub[connection].lists.create(new)
        hub[connection].uploads.send(made.id, file, wait=True)
    here.control(connection).issue(made.id, {"mobile": mobile}, codes=codes[:_HELD])
    return made.id


def _codes(connection: str) -> list[str]:
    return [f"SPRING-{connection[0].upper()}{number:03}" for number in range(1, _CODES + 1)]


@contextmanager
def _pages(within: Path | None) -> Iterator[Path]:
    """Give a new private folder, which stays unless the block fails."""
    folder = Path(tempfile.mkdtemp(prefix="couponhub-reports-", dir=within))
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
