"""A config that leaves open whose mobiles stand without a country code is told of, wherever somebody looks."""

import pytest

from tests.kit.cli import SETTINGS, CliRunner

UNKNOWN = "918888877777"


@pytest.fixture
def untold(cli: CliRunner) -> CliRunner:
    """A command line without a country code."""
    cli.configure({**SETTINGS, "default_country_code": None})
    return cli


def test_config_check_and_doctor_name_the_setting(untold: CliRunner) -> None:
    """Of the connection that knows customers by mobiles, and of no other."""
    checked = untold("config", "check", "-o", "json")
    assert 0 == checked.code
    (warning,) = checked.json["warnings"]
    assert "capillary" == warning["connection"]
    assert "default_country_code" in warning["warning"]
    assert "capillary: default_country_code is not set" in checked.err
    ran = untold("doctor", "-o", "json")
    named = {
        one["connection"]: any("default_country_code" in text for text in one["warnings"])
        for one in ran.json["items"]
        if one["connection"]
    }
    assert {"capillary": True, "moengage": False} == named


def test_reports_of_mobiles_need_it_too(untold: CliRunner) -> None:
    """MoEngage's, where its User ID is the mobile."""
    path = untold.folder / "couponhub.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"moengage"', '"moengage"\nuser_id_is = "mobile"', 1), encoding="utf-8")
    warnings = untold("config", "check", "-o", "json").json["warnings"]
    assert ["capillary", "moengage"] == sorted(warning["connection"] for warning in warnings)


def test_nothing_is_told_where_it_is_set(cli: CliRunner) -> None:
    """Neither by the check nor by the doctor."""
    checked = cli("config", "check", "-o", "json")
    assert ([], "") == (checked.json["warnings"], checked.err)
    assert "default_country_code" not in cli("doctor").out


@pytest.mark.parametrize("mobile", [UNKNOWN, "08888877777", "+918888877777"])
def test_an_unknown_mobile_is_not_none(untold: CliRunner, mobile: str) -> None:
    """Exit 3, the reason, and the mend; with the setting it is none."""
    words = ("lookup", "--mobile", mobile, "--connection", "capillary")
    ran = untold(*words, "-o", "json")
    (one,) = ran.json["answers"]
    assert (3, "unknown", "identifier_ambiguous") == (ran.code, one["verdict"], one["reason"])
    assert "set default_country_code" in ran.err
    assert mobile not in ran.err
    told = " ".join(untold(*words, "-o", "table").out.split())
    assert told.startswith(
        f"Not complete for the customer with mobile {mobile}: capillary may know the customer by another form"
    )
    assert "do not say that there are none" in told
    untold.configure()
    ran = untold(*words, "-o", "json")
    (one,) = ran.json["answers"]
    assert (0, "none", "customer_unknown") == (ran.code, one["verdict"], one["reason"])
