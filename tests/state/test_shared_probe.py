"""A look at what machines share: quick also where it hangs, and one warning whoever notices first."""

import logging

import pytest

from couponhub.secret import Secret
from couponhub.state import ReachedPart, SharedSettings
from couponhub.state.hashing import HashKey
from couponhub.state.redis.shared import RedisShared
from tests.kit.eventually import eventually
from tests.kit.servers import running_redis


def test_a_look_tells_whether_it_can_be_used(caplog: pytest.LogCaptureFixture) -> None:
    """There, hanging, gone, and back: the log has one line for each change, and no password."""
    caplog.set_level(logging.WARNING)
    with running_redis() as server:
        url = server.url.replace("//", "//:of-mine@")
        with server.client() as client:
            client.config_set("requirepass", "of-mine")
        shared = RedisShared(SharedSettings(url=Secret(url)), key=lambda: HashKey(bytes(32)))
        probe = shared.probe()
        assert ReachedPart.SHARED is probe.part
        assert probe.place == server.url
        assert probe.reach(2.0).is_up
        server.suspend()
        assert [False, False] == [probe.reach(2.0).is_up for _ in range(2)]
        assert 1 == caplog.text.count("cannot be used")
        server.go_on()
        eventually(lambda: probe.reach(2.0).is_up, "it to be back")
        assert not shared.is_away
        server.kill()
        fault = probe.reach(2.0).fault
        assert fault is not None
        assert server.url in str(fault)
        assert "of-mine" not in f"{fault}{caplog.text}{probe!r}"
        assert 2 == caplog.text.count("cannot be used")
        shared.close()
