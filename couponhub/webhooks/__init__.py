"""Tells other systems that a job has ended: signed messages of Standard Webhooks, each a job of its own that is tried again.

What is to be told is written down in the same breath as the end itself, so that nothing is lost with a process. Whoever
drives jobs delivers it.
"""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.webhooks.delivering import WebhookWork, webhook_work
    from couponhub.webhooks.following import WEBHOOK, delivery_id, webhook_followers
    from couponhub.webhooks.settings import WebhookEvent, WebhookSettings

_HOMES = {
    "WEBHOOK": "couponhub.webhooks.following",
    "WebhookEvent": "couponhub.webhooks.settings",
    "WebhookSettings": "couponhub.webhooks.settings",
    "WebhookWork": "couponhub.webhooks.delivering",
    "delivery_id": "couponhub.webhooks.following",
    "webhook_followers": "couponhub.webhooks.following",
    "webhook_work": "couponhub.webhooks.delivering",
}

__all__ = [
    "WEBHOOK",
    "WebhookEvent",
    "WebhookSettings",
    "WebhookWork",
    "delivery_id",
    "webhook_followers",
    "webhook_work",
]

__getattr__ = lazy_exports(__name__, _HOMES)


def __dir__() -> list[str]:
    return [*__all__]
