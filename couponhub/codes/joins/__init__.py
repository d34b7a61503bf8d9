"""Joins of code sets with what is known of each code, as one expression that engines of several sizes can run.

Which engine does it, the setting `[sets] engine` says, and nothing outside of this room knows more of it. Who wants sets of bare
codes takes `couponhub.codes.compare`, which keeps their order and needs no engine.
"""

from couponhub.codes.joins.engine import JoinEngine, open_engine
from couponhub.codes.joins.outcome import JoinedClasses, SideCounts
from couponhub.codes.joins.probing import probe
from couponhub.codes.joins.settings import SetsSettings

__all__ = ["JoinEngine", "JoinedClasses", "SetsSettings", "SideCounts", "open_engine", "probe"]
