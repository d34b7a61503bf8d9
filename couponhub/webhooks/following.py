"""The deliveries that follow the end of a job, as jobs of their own."""

from collections.abc import Mapping, Sequence

from couponhub.jobs import ABOUT, LANE, PARENT
from couponhub.models import JobId
from couponhub.state import Followers, JobRecord, StepRecord
from couponhub.state.jobs import no_followers
from couponhub.webhooks.settings import WebhookSettings

WEBHOOK = "webhook"
"""The kind of a job that delivers a message."""
DELIVER = "deliver"
EVENT = "event"
"""The argument that says which end is told."""


def delivery_id(job_id: str, receiver: str) -> JobId:
    """Return the id of the delivery of a job's end to a receiver; it is the message's `webhook-id`, too."""
    return JobId(f"wh_{job_id}_{receiver}")


def webhook_followers(receivers: Mapping[str, WebhookSettings]) -> Followers:
    """Make what says which deliveries follow a job that has ended.

    Jobs that another job drives are not told of: that one's end is.

    Args:
        receivers: By their names.
    """
    if not receivers:
        return no_followers

    def followers(ended: JobRecord) -> Sequence[JobRecord]:
        if PARENT in ended.arguments:
            return ()
        event = f"{ended.kind}.{ended.status}"
        return [_delivery(ended, name, event) for name, one in receivers.items() if event in one.told]

    return followers


def _delivery(ended: JobRecord, receiver: str, event: str) -> JobRecord:
    return JobRecord(
        id=delivery_id(ended.id, receiver),
        kind=WEBHOOK,
        connection=ended.connection,
        arguments={LANE: receiver, ABOUT: ended.id, EVENT: event},
        steps=(StepRecord(number=1, kind=DELIVER),),
    )
