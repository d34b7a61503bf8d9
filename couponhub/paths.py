"""Paths as people write them in settings."""

import os
from pathlib import Path
from typing import Literal


def expanded(path: str) -> Path:
    """The path with a leading `~` or `~user` as that home; as it stands where nobody has such a home."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path's own raises where there is no such home


def user_folder(kind: Literal["config", "state"]) -> Path | None:
    """The platform's folder for this user's configuration, or state; None for a user without a home."""
    import platformdirs  # noqa: PLC0415 - only needed where no place is named

    find = {"config": platformdirs.user_config_path, "state": platformdirs.user_state_path}[kind]
    try:
        folder = find("couponhub")
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None  # older ones leave the ~ of somebody without a home
