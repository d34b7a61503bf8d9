"""`couponhub doctor` tells whether people can sign in to the console through their provider."""

from couponhub.errors import ConfigError
from tests.kit.cli import CliRunner
from tests.kit.oidc_provider import oidc_provider

TABLE = """
[server.oidc]
issuer = "{issuer}"
client_id = "couponhub"
client_secret = "hunter2"
"""


def test_tells_of_the_provider(cli: CliRunner) -> None:
    """It is well, with what is left to settle; its issuer is written wrongly; and nothing is said where there is none."""
    file = cli.folder / "couponhub.toml"
    plain = file.read_text(encoding="utf-8")
    assert "oidc" not in {one["subject"] for one in cli("doctor", "-o", "json").json["items"]}
    with oidc_provider() as provider:
        file.write_text(plain + TABLE.format(issuer=provider.issuer), encoding="utf-8")
        (well,) = (one for one in cli("doctor", "-o", "json").json["items"] if one["subject"] == "oidc")
        file.write_text(plain + TABLE.format(issuer=f"{provider.issuer}/"), encoding="utf-8")
        ran = cli("doctor")
    assert (True, None) == (well["ok"], well["error"])
    assert ["client_secret", "[server.oidc]", "[server]"] == [text.split()[0] for text in well["warnings"]]
    assert ConfigError.exit_code == ran.code
    (line,) = (line for line in ran.err.splitlines() if "oidc" in line)
    assert "calls itself" in line
    assert "write it as the provider does" in line
    assert "hunter2" not in ran.out + ran.err
