"""What a MoEngage connection accepts in its config."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from couponhub.errors import ConfigError
from couponhub.models import Identifier, ReportColumn
from couponhub.plugin import Services
from couponhub.secret import Secret
from couponhub.state import StoreSettings
from couponhub.strict import strict_converter
from couponhub.transport import NoObserver
from couponhub_moengage import PLUGIN
from couponhub_moengage.settings import MoEngageSettings
from couponhub_moengage.settings.limits import DOCUMENTED_LIMITS, effective_limits
from tests.state.kit import quotas_at, store_of


def settings(**changes: Any) -> MoEngageSettings:
    """Settings that work, with changes."""
    given: dict[str, Any] = {"data_center": "01", "workspace_id": "WORKSPACE1", "api_key": Secret("k3y")}
    return MoEngageSettings(**{**given, **changes})


@pytest.mark.parametrize(
    ("spelling", "host"),
    [
        ("1", "api-01"),
        ("01", "api-01"),
        ("DC-02", "api-02"),
        ("dc03", "api-03"),
        ("dc-6", "api-06"),
        ("101", "api-101"),
        ("DC-101", "api-101"),
        (" 04 ", "api-04"),
    ],
)
def test_data_center_spellings(spelling: str, host: str) -> None:
    """Every usual spelling of a data centre leads to its host."""
    assert settings(data_center=spelling).address == f"https://{host}.moengage.com/v1"


@pytest.mark.parametrize(
    "spelling", ["", "0", "7", "00", "001", "100", "1011", "eu", "01.evil.example/", "-1", "DC"]
)
def test_other_data_centers_are_refused(spelling: str) -> None:
    """An unknown data centre is refused, since the key would travel to whatever it names."""
    with pytest.raises(ValueError, match="data_center: expected"):
        settings(data_center=spelling)


def test_base_url_stands_in_for_the_data_center() -> None:
    """A base URL is used as it is, without the slash at its end."""
    given = settings(data_center=None, base_url="http://127.0.0.1:8800/moengage/v1/")
    assert given.address == "http://127.0.0.1:8800/moengage/v1"


@pytest.mark.parametrize("given", [{"data_center": None}, {"base_url": "https://api.example.com/v1"}])
def test_exactly_one_address_is_needed(given: dict[str, Any]) -> None:
    """Neither and both of data_center and base_url are refused."""
    with pytest.raises(ValueError, match="exactly one of data_center and base_url"):
        settings(**given)


def test_plain_http_is_for_this_machine_alone() -> None:
    """The key never travels unencrypted to another machine."""
    with pytest.raises(ValueError, match="http:// is refused"):
        settings(data_center=None, base_url="http://api.example.com/v1")


@pytest.mark.parametrize("workspace_id", ["", "a b", "a:b", "a\nb", "ä"])
def test_workspace_ids_that_no_header_can_hold_are_refused(workspace_id: str) -> None:
    """A workspace id that would break the Basic credentials or the header is refused, and not repeated."""
    with pytest.raises(ValueError, match="workspace_id: expected") as caught:
        settings(workspace_id=workspace_id)
    assert not workspace_id or workspace_id not in str(caught.value)


@pytest.mark.parametrize(
    "changes", [{"api_key": Secret(" ")}, {"api_key": Secret("k\n")}, {"created_by": ""}]
)
def test_texts_that_cannot_work_are_refused(changes: dict[str, Any]) -> None:
    """A blank key or creator, or a key with a line break, is a mistake, and is named."""
    with pytest.raises(ValueError, match=f"{next(iter(changes))}: expected"):
        settings(**changes)


def test_nothing_secret_is_shown() -> None:
    """Neither the key nor the workspace id stands in the repr."""
    shown = repr(settings())
    assert "k3y" not in shown
    assert "WORKSPACE1" not in shown


def test_limits_can_be_overridden_and_turned_off() -> None:
    """A connection's own figures replace the documented ones, 0 included."""
    limits = effective_limits({"upload_per_day": 200, "upload_per_minute": 0})
    assert dict(limits) == {**DOCUMENTED_LIMITS, "upload_per_day": 200, "upload_per_minute": 0}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"uploads_per_day": 1}, "uploads_per_day; known are: create_list_per_day"),
        ({"upload_per_day": -1}, "below 0"),
    ],
)
def test_wrong_limits_are_refused(overrides: dict[str, int], message: str) -> None:
    """A limit that MoEngage does not have is refused with the names that it has."""
    with pytest.raises(ConfigError, match=message):
        settings(limits=overrides)


def test_settings_read_from_a_table() -> None:
    """The config's table becomes settings, with the identifier as its word and a number never as text."""
    converter = strict_converter(forbid_extra_keys=True)
    converter.register_structure_hook(Secret, lambda value, _: value)
    table = {"data_center": "02", "workspace_id": "W", "api_key": Secret("k"), "user_id_is": "mobile"}
    assert converter.structure(table, MoEngageSettings).user_id_is is Identifier.MOBILE
    with pytest.raises(ExceptionGroup):
        converter.structure({**table, "data_center": 2}, MoEngageSettings)


def test_opening_calls_nobody(tmp_path: Path) -> None:
    """A connection to a vendor that is not there can be opened and closed, twice; its budgets are whole."""
    quotas = quotas_at(StoreSettings(url=f"sqlite:///{tmp_path}/couponhub.db"))
    given = settings(data_center=None, base_url="http://127.0.0.1:9/v1", limits={"delete_file_per_day": 7})
    adapter = PLUGIN.open("engage", given, Services(budget=quotas.of, observer=NoObserver()))
    adapter.close()
    adapter.close()
    assert adapter.limits["upload_per_day"] == 50
    assert adapter.quota_left()["delete_file_per_day"] == 7
    store_of(quotas).close()


def test_usage_reports_are_read_as_the_settings_say() -> None:
    """Headers of one's own come before those that are known; zone, age and form of times are taken over."""
    form = settings(
        usage_columns={"user": ("Kunde",), "sent_at": ("Gesendet",)},
        usage_max_age=3600.0,
        usage_time_format="%d.%m.%Y",
        timezone="Asia/Kolkata",
        limits={"usage_report_rows": 0},
    ).report_form
    assert ("Kunde", "User ID") == form.columns[ReportColumn.USER][:2]
    assert ("Gesendet", "Sent At") == form.columns[ReportColumn.SENT_AT][:2]
    assert "Coupon Code" == form.columns[ReportColumn.CODE][0]
    assert (timedelta(hours=1), "%d.%m.%Y", ZoneInfo("Asia/Kolkata"), None) == (
        form.max_age,
        form.time_format,
        form.zone,
        form.max_rows,
    )
    plain = settings().report_form
    assert (timedelta(hours=36), 20_000_000, None) == (plain.max_age, plain.max_rows, plain.zone)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"usage_columns": {"users": ("Kunde",)}}, "kinds of columns, which are user, code"),
        ({"usage_columns": {"user": ("---",)}}, "letters or digits"),
        ({"usage_max_age": 0.0}, "above 0"),
        ({"timezone": "Bombay"}, "IANA"),
    ],
)
def test_wrong_settings_of_usage_reports_are_refused(changes: dict[str, Any], expected: str) -> None:
    """Each says what is expected."""
    with pytest.raises(ValueError, match=expected):
        settings(**changes)
