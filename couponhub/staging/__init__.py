"""Gives a prepared code file a URL that a vendor can fetch, for as long as the job runs.

The URL is itself a right: it is unguessable, ends with its job, and appears in no log.
"""

from couponhub.staging.base import StagedFile, Staging
from couponhub.staging.folder import FolderStaging
from couponhub.staging.settings import StagingKind, StagingSettings


def open_staging(settings: StagingSettings) -> Staging:
    """Make the staging that the settings ask for; nothing is opened before its first use.

    Raises:
        ConfigError: The settings do not suffice for their kind.
    """
    match settings.kind:
        case StagingKind.SERVER:
            # Brings werkzeug, which lookups and most commands can do without.
            from couponhub.staging.server import ServerStaging  # noqa: PLC0415 - the reason above

            return ServerStaging(settings)
        case StagingKind.FOLDER:
            return FolderStaging(settings)
        case StagingKind.OBJECT_STORE:
            from couponhub.staging.object_store import ObjectStoreStaging  # noqa: PLC0415 - few want it

            return ObjectStoreStaging(settings)


__all__ = [
    "FolderStaging",
    "StagedFile",
    "Staging",
    "StagingKind",
    "StagingSettings",
    "open_staging",
]
