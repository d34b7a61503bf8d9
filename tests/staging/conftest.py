"""A bucket that files are staged in."""

import pytest

from couponhub.staging import StagingKind, StagingSettings


@pytest.fixture
def bucket(s3_endpoint: str, s3_bucket: str) -> StagingSettings:
    """Settings for a new bucket, with credentials in the environment."""
    return StagingSettings(
        kind=StagingKind.OBJECT_STORE,
        url=f"s3://{s3_bucket}/codes/today",
        endpoint=s3_endpoint,
        url_lifetime=3600,
    )
