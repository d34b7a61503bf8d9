"""What several files of `deploy/` say of one thing is one thing, and nothing runs with more rights than it needs."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from couponhub.server import workers
from tests.deploy.described import (
    DEPLOY,
    ROOT,
    compose,
    image,
    kustomization,
    manifests,
    own_services,
    pods,
    unit,
)

VERSION = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
PODS = dict(pods())


def seconds(text: str | int) -> int:
    """A time as compose, Kubernetes and systemd write it here."""
    return int(str(text).removesuffix("s"))


def test_one_version() -> None:
    """Image, compose and kustomization name the one of the project; no image has no version, or the latest."""
    assert f"couponhub:{VERSION}" == compose()["x-couponhub"]["image"]
    assert [{"name": "couponhub", "newTag": VERSION}] == kustomization()["images"]
    assert f"--tag couponhub:{VERSION} " in DEPLOY.joinpath("Dockerfile").read_text(encoding="utf-8")
    for service in compose()["services"].values():
        assert re.search(r":\d+\.\d", service["image"]), service["image"]


def test_the_image() -> None:
    """Built in a stage that is left behind, and run by a numeric user who can be checked not to be root."""
    assert 2 == image().stages
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", image().user)
    assert ("couponhub",) == image().entrypoint
    assert "curl" not in image().health


def test_what_the_image_copies_is_there() -> None:
    """And .dockerignore lets just that through."""
    lines = ROOT.joinpath(".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" == next(line for line in lines if not line.startswith("#"))
    let_through = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert let_through == set(image().copied)
    assert all(ROOT.joinpath(name).exists() for name in let_through)


@pytest.mark.parametrize("name", compose()["services"])
def test_services_may_do_little(name: str) -> None:
    """No capability, no new privileges, nothing to write to but memory and volumes; no secret in the environment."""
    service = compose()["services"][name]
    assert ["ALL"] == service["cap_drop"]
    assert "cap_add" not in service
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert service["read_only"] is True
    assert not service.get("privileged")
    assert all(key.endswith("_FILE") or "PASSWORD" not in key for key in service.get("environment", {}))


@pytest.mark.parametrize("name", compose()["services"])
def test_services_wait_for_what_they_need(name: str) -> None:
    """For health where there is a check, and for the end of what ends; every secret and config that is named exists."""
    services = compose()["services"]
    for other, wanted in services[name].get("depends_on", {}).items():
        check = services[other].get("healthcheck", {})
        expected = (
            "service_completed_successfully" if services[other]["restart"] == "no" else "service_healthy"
        )
        assert expected == wanted["condition"]
        assert expected != "service_healthy" or check["test"]
    assert set(services[name].get("secrets", ())) <= set(compose()["secrets"])
    assert {one["source"] for one in services[name].get("configs", ())} <= set(compose()["configs"])


def test_secrets_of_compose_are_made() -> None:
    """By the script that `make compose` runs first."""
    script = DEPLOY.joinpath("secrets.sh").read_text(encoding="utf-8")
    made = set(re.findall(r"^made (\S+)", script, re.MULTILINE))
    assert made == set(compose()["secrets"])
    assert {f"secrets/{name}" for name in made} == {one["file"] for one in compose()["secrets"].values()}
    assert "deploy/secrets/" in ROOT.joinpath(".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", PODS)
def test_pods_may_do_little(name: str) -> None:
    """As the standard `restricted` of Kubernetes wants it, which the namespace enforces, and nothing beyond."""
    pod = PODS[name]
    user, group = map(int, image().user.split(":"))
    assert {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": group,
        "fsGroup": group,
        "seccompProfile": {"type": "RuntimeDefault"},
    } == pod["securityContext"]
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        } == container["securityContext"]
        assert {"cpu", "memory"} == set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", PODS)
def test_pods_find_what_the_image_expects(name: str) -> None:
    """Config, secrets, state and a place for temporary files; all volumes are mounted, and all mounts are volumes."""
    pod = PODS[name]
    (container,) = pod["containers"]
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    wanted = image().environment
    assert {
        str(Path(wanted["COUPONHUB_CONFIG"]).parent): True,
        "/run/secrets/couponhub": True,
        wanted["HOME"]: False,
        "/tmp": False,  # noqa: S108 - of the container
    } == {path: mount.get("readOnly", False) for path, mount in mounts.items()}
    assert {mount["name"] for mount in mounts.values()} == {volume["name"] for volume in pod["volumes"]}
    (config,) = (volume["configMap"] for volume in pod["volumes"] if "configMap" in volume)
    assert [config["name"]] == [one["name"] for one in kustomization()["configMapGenerator"]]


def test_selectors_find_their_pods() -> None:
    """The service sends to servers alone, and the budget is theirs."""
    labels: dict[str, Mapping[str, str]] = {}
    for document in manifests():
        if document["kind"] == "Deployment":
            spec = document["spec"]
            labels[document["metadata"]["name"]] = spec["template"]["metadata"]["labels"]
            assert spec["selector"]["matchLabels"] == labels[document["metadata"]["name"]]
    found = {
        document["kind"]: document["spec"]["selector"]
        for document in manifests()
        if "selector" in document.get("spec", {})
    }
    assert labels["couponhub-server"] == found["Service"] == found["PodDisruptionBudget"]["matchLabels"]
    assert labels["couponhub-server"] != labels["couponhub-worker"]


def test_servers_probe_what_they_serve() -> None:
    """Life by /healthz, readiness by /readyz, at the port that the image serves at."""
    (container,) = PODS["couponhub-server"]["containers"]
    assert [{"name": "http", "containerPort": image().port}] == container["ports"]
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    healthy, ready = ({"path": path, "port": "http"} for path in ("/healthz", "/readyz"))
    assert {"startup": healthy, "liveness": healthy, "readiness": ready} == probes


def test_servers_may_finish() -> None:
    """Whoever ends one waits for longer than a server takes to finish what is under way, and to drain before."""
    servers = [
        (service["command"], service["stop_grace_period"])
        for name, service in own_services().items()
        if name.startswith("server")
    ]
    pod = PODS["couponhub-server"]
    servers.append((pod["containers"][0]["args"], pod["terminationGracePeriodSeconds"]))
    servers.append((unit("server")["ExecStart"][0].split(), unit("server")["TimeoutStopSec"][0]))
    assert 4 == len(servers)
    for words, grace in servers:
        drain = int(words[words.index("--drain") + 1]) if "--drain" in words else 0
        assert seconds(grace) >= drain + workers._LONGEST_STOP_SECONDS + 5


def test_units_are_alike() -> None:
    """All that hardens them, the user and the folders are the same in both."""
    own = {"ExecStart", "ExecReload", "TimeoutStopSec"}
    server, worker = (
        {key: value for key, value in unit(name).items() if key not in own} for name in ("server", "worker")
    )
    assert server == worker
    assert ("strict",) == server["ProtectSystem"]
    assert f"u {server['User'][0]} " in DEPLOY.joinpath("systemd", "couponhub.sysusers").read_text(
        encoding="utf-8"
    )


def secrets_named(config: str) -> set[str]:
    """The names of the files that a config takes secrets from."""
    text = DEPLOY.joinpath(config).read_text(encoding="utf-8")
    return set(re.findall(r"\$\{file:[^}]*(?:\}/|/)([a-z_-]+)\}", text))


@pytest.mark.parametrize("config", ["kubernetes/couponhub.toml", "systemd/couponhub.toml"])
def test_no_secret_stands_in_a_config(config: str) -> None:
    """Whatever could be one is a reference to a file."""
    assert secrets_named(config)
    document: dict[str, Any] = tomllib.loads(DEPLOY.joinpath(config).read_text(encoding="utf-8"))
    texts = json.dumps(document)
    for key in ("key", "secret", "api_key", "workspace_id"):
        assert all(value.startswith("${file:") for value in re.findall(rf'"{key}": "([^"]*)"', texts))
