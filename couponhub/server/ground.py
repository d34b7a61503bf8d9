"""The ground that the API's addresses and the pages of the console share: one of each in a process."""

import attrs

from couponhub.hub import CouponHub
from couponhub.server.auth import Access
from couponhub.server.body_timeout import BodyTimeout
from couponhub.server.driving import Driving
from couponhub.server.metrics import Metrics
from couponhub.server.parts import Parts
from couponhub.server.request_context import RequestScope
from couponhub.server.upload_endpoints import UploadEndpoints


@attrs.frozen(kw_only=True)
class Ground:
    """All that answers of a server rest on. Thread-safe.

    Attributes:
        hub: Whom they ask.
        access: Who may.
        frame: Begins and ends each request.
        patience: Waits for bodies.
        metrics: Told of problems and verdicts.
        parts: Whether what the service rests on can be reached.
        driving: Drives the jobs that are begun here.
        uploads: Begins uploads.
    """

    hub: CouponHub
    access: Access
    frame: RequestScope
    patience: BodyTimeout
    metrics: Metrics
    parts: Parts
    driving: Driving
    uploads: UploadEndpoints
