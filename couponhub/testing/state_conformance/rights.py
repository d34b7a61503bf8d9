"""S-50 to S-58 and S-138: tokens, sessions, callback addresses, and the signal that people were forgotten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from couponhub.clock import utc_now
from couponhub.errors import UsageError
from couponhub.models import UploadId
from couponhub.state import Scope, token_id
from couponhub.testing.state_conformance.harness import StateHarness

UPLOAD = UploadId("up_1")
_DAY = 86_400.0


class RightRules:
    """Rules of who may do what, and for how long."""

    def test_s50_tokens_are_kept_and_removed(self, harness: StateHarness) -> None:
        """S-50: others see a token with their next read, in the order of making, and miss it once it is removed."""
        one, other = harness.open().tokens, harness.open().tokens
        text, first = one.new([Scope.LOOKUP, Scope.ADMIN], name="till", expires=timedelta(days=1))
        harness.jump(-2 * _DAY)
        _, second = one.new([Scope.CODES_REVEAL])
        assert (first, second) == other.all()
        assert first.matches(text)
        assert first.id == token_id(text)
        one.remove("till")
        assert (second,) == other.all()
        other.remove(second.id)
        assert one.all() == ()
        with pytest.raises(UsageError):
            one.remove("till")

    def test_s51_a_name_is_one_tokens(self, harness: StateHarness) -> None:
        """S-51: neither a name nor an id can be taken twice; of several who try at once one succeeds."""
        workers = [harness.spawn("make_token", "till") for _ in range(2)]
        tokens = harness.open().tokens

        def make(_: int) -> bool:
            try:
                tokens.new([Scope.LOOKUP], name="till")
            except UsageError:
                return False
            return True

        for worker in workers:
            worker.go_on()
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(make, range(4)))
        said = [step for worker in workers for step in worker.rest()]
        assert sum(made) + sum(step != "UsageError" for step in said) == 1
        (token,) = tokens.all()
        with pytest.raises(UsageError):
            tokens.new([Scope.LOOKUP], name=token.id)

    @pytest.mark.parametrize("steps", [1, 4])
    def test_s52_a_kill_amid_tokens(self, harness: StateHarness, steps: int) -> None:
        """S-52: every token that was shown is kept, and at most one more."""
        worker = harness.spawn("make_tokens")
        names = [worker.step() for _ in range(steps)]
        names += worker.kill()
        found = [token.name for token in harness.open().tokens.all()]
        assert names == found[: len(names)]
        assert len(found) <= len(names) + 1

    def test_s53_calls_are_counted_until_the_end(self, harness: StateHarness) -> None:
        """S-53: in any process, for as long as the upload has not ended; nothing else is an address."""
        one, other = harness.open().callbacks, harness.open().callbacks
        token, further, else_ = (one.begin(upload) for upload in (UPLOAD, UPLOAD, UploadId("up_2")))
        assert [other.ring(word) for word in (token, token, further, f"{token}x")] == [
            True,
            True,
            True,
            False,
        ]
        assert (one.calls(UPLOAD), one.calls(UploadId("up_2")), one.calls(UploadId("up_3"))) == (3, 0, 0)
        other.end(UPLOAD)
        other.end(UPLOAD)
        assert (one.ring(token), one.ring(further), one.calls(UPLOAD)) == (False, False, 0)
        assert one.ring(else_)

    def test_s54_an_address_ends_by_its_age(self, harness: StateHarness) -> None:
        """S-54: thirty days after it was made, once another one is; not for a clock that was set back."""
        callbacks = harness.open().callbacks
        token = callbacks.begin(UPLOAD)
        harness.jump(-40 * _DAY)
        callbacks.begin(UploadId("up_2"))
        harness.jump(69 * _DAY)
        callbacks.begin(UploadId("up_3"))
        assert callbacks.ring(token)
        harness.jump(2 * _DAY)
        callbacks.begin(UploadId("up_4"))
        assert not callbacks.ring(token)

    def test_s55_no_call_is_lost(self, harness: StateHarness) -> None:
        """S-55: of two processes and four threads that call at once every call counts."""
        callbacks = harness.open().callbacks
        token = callbacks.begin(UPLOAD)
        workers = [harness.spawn("ring", token, "20") for _ in range(2)]
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(lambda _: callbacks.ring(token), range(20)))
        assert {"True"} == {step for worker in workers for step in worker.rest()}
        assert callbacks.calls(UPLOAD) == 60

    def test_s56_a_kill_amid_callbacks(self, harness: StateHarness) -> None:
        """S-56: every address that was made can be called."""
        worker = harness.spawn("make_callbacks")
        tokens = [worker.step() for _ in range(3)]
        tokens += worker.kill()
        callbacks = harness.open().callbacks
        assert all(callbacks.ring(token) for token in tokens)
        assert {2} == {callbacks.calls(UploadId(f"up_{number}")) for number in range(len(tokens))}

    def test_s57_an_erasure_is_noticed(self, harness: StateHarness) -> None:
        """S-57: the signal is another after each, as every process sees; empty before the first."""
        one, other = harness.open().invalidation, harness.open().invalidation
        values = [other.latest()]
        for _ in range(5):
            one.announce()
            values.append(other.latest())
            assert values[-1] == one.latest() == other.latest()
        assert values[0] == b""
        assert len(set(values)) == 6

    @pytest.mark.parametrize("steps", [1, 5])
    def test_s58_a_kill_amid_an_erasure(self, harness: StateHarness, steps: int) -> None:
        """S-58: the signal is the last that was announced or the next, and goes on to change."""
        worker = harness.spawn("announce")
        said = [worker.step() for _ in range(steps)]
        said += worker.kill()
        signal = harness.open().invalidation
        latest = signal.latest()
        assert latest
        assert latest.hex() not in said[:-1]
        signal.announce()
        assert latest != signal.latest()

    def test_s136_sessions_stay_signed_out_of(self, harness: StateHarness) -> None:
        """S-138: others see that a session was signed out of with their next read, once, until it would have ended by itself."""
        one, other = harness.open().sign_outs, harness.open().sign_outs
        assert one.all() == frozenset()
        until = utc_now() + timedelta(hours=1)
        for _ in range(2):
            one.add("first", until)
        other.add("second", until + timedelta(days=1))
        assert {"first", "second"} == one.all() == other.all() == harness.open().sign_outs.all()
        harness.jump(2 * 3600.0)
        assert {"second"} == other.all()
        other.add("third", until + timedelta(days=1))
        assert {"second", "third"} == one.all()
