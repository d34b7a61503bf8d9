"""An Airflow 3 graph that sends the codes of a day, and gives its slot back while the vendor's quota is spent."""

from datetime import UTC, datetime

from airflow.sdk import PokeReturnValue, dag, task

from couponhub import CouponHub


@task(retries=3)
def send(list_id: str, path: str) -> str:
    """Send the codes, and return the job's id; a retry sends nothing twice."""
    with CouponHub.from_config() as hub:  # a task runs in a process of its own
        return hub["engage"].uploads.send(list_id, path).id


@task.sensor(poke_interval=300, timeout=24 * 3600, mode="reschedule")
def taken(job_id: str) -> PokeReturnValue:
    """Take the job as far as it goes now; done when the vendor has ended every part of it."""
    with CouponHub.from_config() as hub:
        return PokeReturnValue(is_done=hub.jobs.drive(job_id).status.ended)


@dag(schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False)
def codes_of_the_day() -> None:
    """Send them, and see them taken."""
    taken(send("6721d00eefc476c0f67e0d05", "/data/codes/{{ ds }}.csv"))


codes_of_the_day()
