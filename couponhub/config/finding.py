"""The search for the config file."""

import os
from collections.abc import Mapping
from pathlib import Path

from couponhub.errors import ConfigError, UsageError
from couponhub.paths import expanded, user_folder


def find_config(given: str | os.PathLike[str] | None, environment: Mapping[str, str]) -> Path:
    """Find the config file: as given, else `$COUPONHUB_CONFIG`, else `./couponhub.toml`, else the user's.

    Raises:
        ConfigError: No such file.
    """
    if given is not None and not isinstance(given, (str, os.PathLike)):
        raise UsageError(f"the config file must be a path, not {type(given).__name__}")
    named = given or environment.get("COUPONHUB_CONFIG")
    if named:
        path = expanded(os.fsdecode(named))
        if not path.exists():
            origin = "" if given else ", which COUPONHUB_CONFIG names,"
            raise ConfigError(
                f"the config file {path}{origin} does not exist", hint="see `couponhub config init`"
            )
        return path
    folder = user_folder("config")
    places = [at / "couponhub.toml" for at in (Path(), folder) if at is not None]
    for path in places:
        if path.is_file():
            return path
    raise ConfigError(
        f"there is no config file, neither {' nor '.join(map(str, places))}"
        if len(places) > 1
        else "there is no config file couponhub.toml here",
        hint="write one with `couponhub config init`, or name one with --config",
    )
