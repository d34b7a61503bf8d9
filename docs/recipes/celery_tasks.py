"""Celery tasks on a prefork worker: each process has its own hub, and what has to wait comes back when its time is over."""

from typing import Any

from celery import Celery, Task
from celery.signals import worker_process_init, worker_process_shutdown

from couponhub import CouponHub, OutcomeUnknown, RateLimited, VendorUnavailable

app = Celery("coupons", broker="redis://127.0.0.1/0")
_hubs: list[CouponHub] = []


@worker_process_init.connect
def open_hub(**_: Any) -> None:
    """Open it in the process that was just forked off."""
    _hubs.append(CouponHub.from_config())


@worker_process_shutdown.connect
def close_hub(**_: Any) -> None:
    """Close it with the process."""
    while _hubs:
        _hubs.pop().close()


@app.task(bind=True, max_retries=None, acks_late=True)
def send_codes(self: "Task[..., dict[str, Any]]", connection: str, list_id: str, path: str) -> dict[str, Any]:
    """Send a file of codes. Repeating it doubles nothing: what the list was sent before is left out."""
    try:
        upload = _hubs[0][connection].uploads.send(list_id, path)
    except (RateLimited, VendorUnavailable) as error:
        raise self.retry(countdown=error.retry_after or 60, exc=error) from error
    except OutcomeUnknown:
        go_on.delay()  # the job knows what may have arrived: it looks before it repeats
        raise
    return upload.as_dict()


@app.task
def go_on() -> list[str]:
    """Drive every job that is due, such as an upload whose worker was killed; `beat` calls it every minute."""
    return [_hubs[0].jobs.drive(job.id).id for job in _hubs[0].jobs.due()]
