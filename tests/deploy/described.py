"""What the files of `deploy/` describe, as far as tests ask: the image, services of compose, manifests, units of systemd."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@attrs.frozen(kw_only=True)
class Image:
    """The image, as the last stage of its Dockerfile has it.

    Attributes:
        stages: How many times another image is begun with.
        copied: What is copied from the repository, in any stage.
        environment: Its variables.
        health: The command of its health check.
    """

    stages: int
    copied: tuple[str, ...]
    environment: Mapping[str, str]
    user: str
    port: int
    health: tuple[str, ...]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]


@cache
def image() -> Image:
    """Return the image of the Dockerfile."""
    text = DEPLOY.joinpath("Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    lines = [line.partition(" ")[::2] for line in text.splitlines() if line]
    last = dict(lines[max(n for n, (word, _) in enumerate(lines) if word == "FROM") :])
    copies = [rest.split()[:-1] for word, rest in lines if word == "COPY" and "--from" not in rest]
    return Image(
        stages=sum(word == "FROM" for word, _ in lines),
        copied=tuple(source for sources in copies for source in sources),
        environment=dict(pair.split("=", 1) for pair in last["ENV"].split()),
        user=last["USER"],
        port=int(last["EXPOSE"]),
        health=tuple(json.loads(last["HEALTHCHECK"].partition(" CMD ")[2])),
        entrypoint=tuple(json.loads(last["ENTRYPOINT"])),
        command=tuple(json.loads(last["CMD"])),
    )


@cache
def compose() -> Mapping[str, Any]:
    """Return the whole of compose.yaml."""
    read: dict[str, Any] = yaml.safe_load(DEPLOY.joinpath("compose.yaml").read_text(encoding="utf-8"))
    return read


def own_services() -> dict[str, Mapping[str, Any]]:
    """Return the services of compose.yaml that run our image, by name."""
    name = compose()["x-couponhub"]["image"]
    return {key: service for key, service in compose()["services"].items() if service["image"] == name}


@cache
def manifests() -> tuple[Mapping[str, Any], ...]:
    """Return every object of the manifests, those that the kustomization leaves out included."""
    paths = sorted(DEPLOY.joinpath("kubernetes").glob("*.yaml"))
    return tuple(
        document
        for path in paths
        if path.name != "kustomization.yaml"
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    )


@cache
def kustomization() -> Mapping[str, Any]:
    """Return what puts the manifests together."""
    text = DEPLOY.joinpath("kubernetes", "kustomization.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def pods() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The pods of the manifests, each by the name of what makes it."""
    for document in manifests():
        spec: Any = document.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield document["metadata"]["name"], spec["template"]["spec"]


@cache
def unit(name: str) -> Mapping[str, tuple[str, ...]]:
    """Return the section [Service] of a unit; every setting with each of its values."""
    text = DEPLOY.joinpath("systemd", f"couponhub-{name}.service").read_text(encoding="utf-8")
    section = text.partition("[Service]\n")[2].partition("\n[Install]")[0]
    found: dict[str, tuple[str, ...]] = {}
    for line in section.splitlines():
        key, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found[key] = (*found.get(key, ()), value)
    return found
