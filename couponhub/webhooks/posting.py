"""Posts a message: one attempt, bounded in time, that follows no redirect and reads nothing of what is answered."""

from collections.abc import Mapping

import attrs
import requests

from couponhub.transport.retry import retry_after_seconds
from couponhub.transport.session import harden
from couponhub.webhooks.settings import WebhookSettings

_CONNECT_SECONDS = 10.0


@attrs.frozen(kw_only=True)
class Posted:
    """The outcome of an attempt.

    Attributes:
        status: What was answered; None for nothing.
        retry_after: Seconds that the receiver asks to wait; None for no word.
        told: The same for people; of the receiver's words there are none in it.
    """

    status: int | None = None
    retry_after: float | None = None
    told: str

    @property
    def is_taken(self) -> bool:
        """True when the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def post(settings: WebhookSettings, headers: Mapping[str, str], body: bytes) -> Posted:
    """Post a message to the one address that is configured; whatever goes wrong is an outcome.

    Args:
        settings: Of the receiver.
        headers: All that are sent beside those of HTTP itself.
        body: Of the message.
    """
    connect = min(_CONNECT_SECONDS, settings.timeout)
    try:
        with requests.Session() as session:
            harden(session, settings.transport())
            response = session.post(
                settings.url.reveal(),
                data=body,
                headers=dict(headers),
                timeout=(connect, settings.timeout),
                allow_redirects=False,
                stream=True,
            )
            response.close()
    except requests.exceptions.SSLError:
        return Posted(told="no TLS came about, or the certificate is not trusted")
    except requests.exceptions.Timeout:
        return Posted(told="no answer in time")
    except requests.exceptions.ConnectionError:
        return Posted(told="the receiver cannot be reached, or broke off")
    except (OSError, ValueError):  # requests' own are OSErrors; so is a file of authorities that is gone
        return Posted(told="the message could not be posted")
    return Posted(
        status=response.status_code,
        retry_after=retry_after_seconds({name.lower(): value for name, value in response.headers.items()}),
        told=f"HTTP {response.status_code}",
    )
