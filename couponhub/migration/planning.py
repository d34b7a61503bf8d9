"""Plans a migration: reads all sources, asks both vendors, and writes nothing anywhere."""

import secrets
import string
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couponhub.clock import utc_now
from couponhub.code_desk.sources import Sources
from couponhub.codes.joins.settings import SetsSettings
from couponhub.errors import Conflict, LocalError, UsageError
from couponhub.migration.batches import Batches, Way, write_batches
from couponhub.migration.collisions import collisions_of
from couponhub.migration.ends import DestinationList, OriginList, destination_of, origin_of
from couponhub.migration.irreversible import irreversible_steps
from couponhub.migration.knowledge import Knowledge, knowledge_of, unknown_of
from couponhub.migration.limits import crossed_limits, refuse_crossed
from couponhub.migration.lossiness import lossiness_of
from couponhub.migration.plan_file import VERSION, sealed
from couponhub.migration.request import PlanRequest
from couponhub.migration.schedule import Schedule, schedule_of
from couponhub.migration.sets import CodeClasses, CodesOfSources, classify, read_codes
from couponhub.migration.words import codes, some
from couponhub.models import CodeFileRules, IssuedAs, MigrationCounts, MigrationPlan
from couponhub.models.base import NOTHING
from couponhub.rooted import Rooted
from couponhub.state import CodeSet, Ledger

if TYPE_CHECKING:
    from couponhub.connection import Connection

_LETTERS = string.ascii_lowercase + "234567"


@attrs.frozen(kw_only=True)
class BuiltPlan:
    """A plan, and the files that it speaks of, in the folder that they were built in.

    Attributes:
        classes: The files of the classes of codes.
        batches: The files that will be sent.
        rules: How the target's vendor compares codes.
    """

    plan: MigrationPlan
    classes: CodeClasses
    batches: Batches
    rules: CodeFileRules


class Planner(Rooted):
    """Plans migrations. Thread-safe.

    Args:
        names: The connections that are configured.
        connection: Opens one.
        account: Tells the account of one from others, whatever connection speaks to it; "" where nobody can.
        ledger: Finds what was sent at one.
        engine: Of large sets; None for this process.
        now: The clock, for tests.
    """

    def __init__(
        self,
        names: Iterable[str],
        connection: "Callable[[str], Connection]",
        account: Callable[[str], str],
        ledger: Callable[[str], Ledger],
        *,
        engine: SetsSettings | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._names = tuple(names)
        self.engine = engine
        self._open = connection
        self._account = account
        self._find_ledger = ledger
        self._now = now

    def plan(self, request: PlanRequest) -> MigrationPlan:
        """Plan, and keep nothing but the plan. Raises as `Migrations.plan`."""
        try:
            with tempfile.TemporaryDirectory(prefix="couponhub-plan-") as folder:
                return self.build(request, Path(folder)).plan
        except OSError as error:
            raise LocalError(f"working on the plan failed: {error.strerror}") from error

    def build(self, request: PlanRequest, workspace: Path, *, plan_id: str | None = None) -> BuiltPlan:
        """Plan, and keep the files that the plan speaks of.

        Args:
            request: What is wanted.
            workspace: An empty private folder; its `classes` and `batches` hold the files afterwards.
            plan_id: The migration's id; None for a new one.

        Raises:
            CouponhubError: As of `Migrations.plan`.
        """
        now = self._now()
        origin, destination = self._ends(request, now)
        sources = Sources(ledger=self._ledger, workspace=_folder(workspace / "sources"))
        codes = read_codes(request.codes, sources)
        known = knowledge_of(request, origin, destination, workspace / "held", now=now)
        classes = classify(
            codes,
            known.found,
            workspace / "classes",
            rules=origin.rules,
            is_over=origin.is_over,
            engine=self.engine,
        )
        _refuse_nameless(request, destination, classes)
        sent = self._sent(destination)
        way = Way(rules=destination.rules, issued_as=destination.issued_as, tags=destination.tags, sent=sent)
        batches = write_batches(classes.folder, workspace / "batches", way)
        _refuse_too_many(destination, batches)
        work = _Work(request, origin, destination, codes, known, classes, batches, now)
        plan = self._written(work, sent, workspace / "met", plan_id or f"mig_{_random(20)}")
        return BuiltPlan(plan=plan, classes=classes, batches=batches, rules=destination.rules)

    def again(self, plan: MigrationPlan, workspace: Path) -> BuiltPlan:
        """Plan the same anew, for who is about to apply a plan: with its id, and of the world as it is now.

        Args:
            plan: The reviewed one.
            workspace: As of `build`.

        Raises:
            CouponhubError: As of `Migrations.plan`.
        """
        return self.build(PlanRequest.of(plan), workspace, plan_id=plan.id)

    def handed_out(self, plan: MigrationPlan, list_id: str, workspace: Path) -> tuple[Knowledge, OriginList]:
        """Find out anew which codes the source has given out, for who looks at it while a migration runs.

        Args:
            plan: The one that runs; its file of customers is read again.
            list_id: The list at the target.
            workspace: As of `build`.

        Returns:
            What is known now, and the source list as it is now.

        Raises:
            CouponhubError: As of `Migrations.plan`.
        """
        request = attrs.evolve(PlanRequest.of(plan), to_list=list_id, changes=NOTHING)
        origin, destination = self._ends(request, self._now())
        known = knowledge_of(request, origin, destination, workspace / "held", now=self._now())
        return known, origin

    def _ends(self, request: PlanRequest, now: datetime) -> tuple[OriginList, DestinationList]:
        source, target = self._open(request.source), self._open(request.target)
        account = self._account(request.source)
        is_same = source is target or (account != "" and account == self._account(request.target))
        origin = origin_of(source, request.list_id)
        destination = destination_of(target, origin, request, is_same_account=is_same, now=now)
        if destination.new is not None:
            _refuse_taken(destination)
        return origin, destination

    def _written(self, work: "_Work", sent: tuple[CodeSet, ...], folder: Path, plan_id: str) -> MigrationPlan:
        origin, destination, classes, batches = work.origin, work.destination, work.classes, work.batches
        counts, beyond, told = _accounted(work)
        crossed = crossed_limits(
            counts,
            beyond=beyond,
            customers=work.known.customers,
            unknowable=work.known.unknowable,
            target=destination.shown,
            sent_before=sum(len(batch) for one in sent for batch in one.batches()),
            held_left_out=batches.held_left_out,
        )
        refuse_crossed(crossed, work.request.reason)
        schedule = schedule_of(
            batches.files,
            origin.connection,
            destination.connection,
            customers=work.known.customers,
            now=work.now,
        )
        return sealed(
            MigrationPlan(
                digest="",
                version=VERSION,
                id=plan_id,
                made_at=work.now,
                source=origin.end,
                target=destination.end,
                create=destination.new,
                issued_as=destination.issued_as,
                sources=(*work.codes.sources, *work.known.sources),
                counts=counts,
                collisions=collisions_of(
                    batches,
                    origin,
                    destination,
                    folder,
                    names=self._names,
                    ledger=self._find_ledger,
                    rules=lambda name: self._open(name).uploads.file_rules,
                ),
                lossiness=lossiness_of(origin, destination, counts, batches, classes.ends),
                batches=schedule.batches,
                ends_at=schedule.ends_at,
                irreversible=irreversible_steps(destination, batches),
                crossed=crossed,
                reason=work.request.reason if crossed else None,
                fingerprints=classes.fingerprints,
                rejected=batches.rejected,
                left_behind=batches.left,
                notes=(*work.known.notes, *told, *_of_schedule(schedule, work)),
            )
        )

    def _sent(self, destination: DestinationList) -> tuple[CodeSet, ...]:
        if destination.list_id is None:
            return ()
        name = destination.connection.name
        history = self._find_ledger(name).history(destination.list_id)
        if history.has_lost_codes:
            raise LocalError(
                f"the codes that were sent to list {destination.list_id} of {name} are lost: their folder is gone",
                hint="see `couponhub doctor`",
            )
        return history.sent

    def _ledger(self, name: str) -> Ledger:
        if name not in self._names:
            self._open(name)  # which says what there is
        return self._find_ledger(name)


@attrs.frozen
class _Work:
    """All that a plan is written from."""

    request: PlanRequest
    origin: OriginList
    destination: DestinationList
    codes: CodesOfSources
    known: Knowledge
    classes: CodeClasses
    batches: Batches
    now: datetime


def _accounted(work: _Work) -> tuple[MigrationCounts, int, tuple[str, ...]]:
    """Hold our counts against those of the source's vendor; also return how many codes no source has."""
    counts, shown = work.classes.counts, work.origin.shown
    name, known = work.origin.connection.name, work.classes.given_out
    told: list[str] = []
    beyond, unknown = 0, unknown_of(shown, work.known, known - _of_other_lists(work))
    if shown.total is None:
        told.append(f"{name} counts no codes of this list: whether codes are missing here cannot be told")
    else:
        beyond = max(0, shown.total - counts.all)
        if shown.total != counts.all:
            told.append(f"{name} counts {codes(shown.total)} in the list; the sources have {counts.all:,}")
    if shown.total is not None and shown.available is not None:
        handed_out = max(0, shown.total - shown.available)
        if handed_out != known:
            told.append(f"{name} counts {codes(handed_out)} as handed out; {known:,} known here")
    if work.classes.from_holders:
        told.append(f"{codes(work.classes.from_holders)} that customers hold, in no source of codes")
    if work.origin.is_over:
        told.append("the source list has ended, and its codes with it: none of them moves")
    return attrs.evolve(counts, unknown=unknown), beyond, tuple(told)


def _of_other_lists(work: _Work) -> int:
    """Count the codes that only a file of holders has, and that the source's vendor does not count in the list.

    A file that names the codes of several lists would else hide as many that were handed out to nobody knows whom.
    """
    total, from_holders = work.origin.shown.total, work.classes.from_holders
    if total is None or work.known.is_reported:
        return 0
    return min(from_holders, max(0, work.classes.counts.all - total))


def _of_schedule(schedule: Schedule, work: _Work) -> Iterator[str]:
    if schedule.asking:
        yield (
            f"the second pass asks about {some(work.known.customers, 'customer')} again, which takes"
            f" {schedule.asking / 60:,.0f} minutes or more"
        )


def _refuse_nameless(request: PlanRequest, destination: DestinationList, classes: CodeClasses) -> None:
    usable = sum(count for kind, count in classes.kinds.items() if kind in destination.tags)
    if request.issued_as is IssuedAs.TAGGED and classes.counts.issued and not usable:
        kinds = " or ".join(sorted(destination.tags))
        raise UsageError(
            f"{codes(classes.counts.issued)} issued, and no customer of them is known by {kinds}",
            hint="--customers FILE names them; --issued-as skip leaves their codes at the source",
        )


def _refuse_too_many(destination: DestinationList, batches: Batches) -> None:
    most = destination.connection.capabilities.limits.get("list_codes", 0)
    held = (destination.shown.total or 0) if destination.shown else 0
    rows = sum(one.rows for one in batches.files)
    if most and held + rows > most:
        raise UsageError(
            f"a list of {destination.connection.vendor} takes {most:,} codes, and it would hold {held + rows:,}",
            hint="move them to several lists",
        )


def _refuse_taken(destination: DestinationList) -> None:
    new, connection = destination.new, destination.connection
    if new is None or "lists.read" not in connection.capabilities:
        return
    for shown in connection.lists.iterate():
        for field, wanted, found in (("name", new.name, shown.name), ("label", new.label, shown.label)):
            if wanted is not None and wanted == found:
                raise Conflict(
                    f"list {shown.id} has that {field} already",
                    hint=f"--to-list {shown.id} moves codes there; --set {field}=... makes another",
                    connection=connection.name,
                )


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
