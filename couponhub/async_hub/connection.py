"""A connection whose methods are awaited: each blocks on a thread of its hub's, never on the event loop."""

from collections.abc import Callable
from typing import Generic, TypeVar

from couponhub.capabilities import Capabilities
from couponhub.config import ConnectionConfig
from couponhub.connection import Connection, Coupons, Customers, Lists
from couponhub.holdings import HubExports
from couponhub.jobs import HubJobs
from couponhub.migration import Migrations
from couponhub.rooted import Rooted
from couponhub.thread_bridge import Awaited, Iterated, ThreadBridge
from couponhub.uploads import Uploads
from couponhub.usage import Usage

R = TypeVar("R")


class _Behind(Rooted, Generic[R]):
    """The awaited side of an object, which is opened on a thread when it is first needed."""

    def __init__(self, bridge: ThreadBridge, behind: Callable[[], R]) -> None:
        self.bridge = bridge
        self.behind = behind


class AsyncLists(_Behind[Lists]):
    """The coupon lists of a connection; see `couponhub.connection.Lists`."""

    get = Awaited(Lists.get)
    iterate = Iterated(Lists.iterate)
    create = Awaited(Lists.create)
    find_created = Awaited(Lists.find_created)
    check_new = Awaited(Lists.check_new)
    check_takes_codes = Awaited(Lists.check_takes_codes)
    update = Awaited(Lists.update)
    activate = Awaited(Lists.activate)
    archive = Awaited(Lists.archive)


class AsyncUploads(_Behind[Uploads]):
    """The uploads of a connection; see `couponhub.uploads.Uploads`.

    Cancelling a call waits no longer for it: an upload that has begun is sent to its end, as its `show` tells.
    """

    check_route = Awaited(Uploads.check_route)
    send = Awaited(Uploads.send)
    wait = Awaited(Uploads.wait)
    show = Awaited(Uploads.show)
    report = Awaited(Uploads.report)
    delete = Awaited(Uploads.delete)
    find = Awaited(Uploads.find)
    recorded = Awaited(Uploads.recorded)
    iterate = Iterated(Uploads.iterate)


class AsyncCustomers(_Behind[Customers]):
    """The customers of a connection; see `couponhub.connection.Customers`."""

    coupons = Awaited(Customers.coupons)
    unified = Awaited(Customers.unified)
    require_live = Awaited(Customers.require_live)


class AsyncCoupons(_Behind[Coupons]):
    """The codes of a connection; see `couponhub.connection.Coupons`."""

    explain = Awaited(Coupons.explain)
    find = Awaited(Coupons.find)


class AsyncUsage(_Behind[Usage]):
    """The usage reports of a connection; see `couponhub.usage.Usage`."""

    request = Awaited(Usage.request)
    import_report = Awaited(Usage.import_report)
    status = Awaited(Usage.status)
    reports = Awaited(Usage.reports)
    stats = Awaited(Usage.stats)
    rows = Iterated(Usage.rows)


class AsyncExports(_Behind[HubExports]):
    """The exports of a hub; see `couponhub.holdings.HubExports`."""

    run = Awaited(HubExports.run)
    resume = Awaited(HubExports.resume)
    cancel = Awaited(HubExports.cancel)
    get = Awaited(HubExports.get)
    iterate = Iterated(HubExports.iterate)


class AsyncJobs(_Behind[HubJobs]):
    """The jobs of a hub; see `couponhub.jobs.HubJobs`."""

    iterate = Iterated(HubJobs.iterate)
    page = Awaited(HubJobs.page)
    get = Awaited(HubJobs.get)
    due = Awaited(HubJobs.due)
    is_due = Awaited(HubJobs.is_due)
    drive = Awaited(HubJobs.drive)
    pause = Awaited(HubJobs.pause)
    proceed = Awaited(HubJobs.proceed)
    cancel = Awaited(HubJobs.cancel)
    throttle = Awaited(HubJobs.throttle)


class AsyncMigrations(_Behind[Migrations]):
    """The migrations of a hub; see `couponhub.migration.Migrations`."""

    plan = Awaited(Migrations.plan)
    apply = Awaited(Migrations.apply)
    resume = Awaited(Migrations.resume)
    pause = Awaited(Migrations.pause)
    cancel = Awaited(Migrations.cancel)
    throttle = Awaited(Migrations.throttle)
    verify = Awaited(Migrations.verify)
    watch = Iterated(Migrations.watch)
    cut_over = Awaited(Migrations.cut_over)
    roll_back = Awaited(Migrations.roll_back)
    retire = Awaited(Migrations.retire)
    shadow = Awaited(Migrations.shadow)
    status = Awaited(Migrations.status)
    report = Awaited(Migrations.report)
    iterate = Iterated(Migrations.iterate)


class AsyncConnection(_Behind[Connection]):
    """One account at one vendor; see `couponhub.connection.Connection`. It is opened when it is first used.

    Attributes:
        name: As in the config.
        vendor: The vendor's name for people.
        adapter: The adapter's name, as in the config.
    """

    def __init__(
        self, configured: ConnectionConfig, bridge: ThreadBridge, behind: Callable[[], Connection]
    ) -> None:
        super().__init__(bridge, behind)
        self.name = configured.name
        self.vendor = configured.plugin.title
        self.adapter = configured.plugin.name
        self.lists = AsyncLists(bridge, lambda: behind().lists)
        self.uploads = AsyncUploads(bridge, lambda: behind().uploads)
        self.customers = AsyncCustomers(bridge, lambda: behind().customers)
        self.coupons = AsyncCoupons(bridge, lambda: behind().coupons)
        self.usage = AsyncUsage(bridge, lambda: behind().usage)

    def _title(self) -> str:
        return f" {self.name} at {self.vendor}"

    check = Awaited(Connection.check)
    call = Awaited(Connection.call)
    quota_left = Awaited(Connection.quota_left)
    close = Awaited(Connection.close)

    async def capabilities(self) -> Capabilities:
        """Return what this connection can do, with the vendor's limits.

        Raises:
            ConfigError: The adapter refuses its settings.
        """
        return await self.bridge.run(lambda: self.behind().capabilities)
