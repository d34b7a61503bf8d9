"""The adapter, which fulfils the protocols, and the changes of lists."""

from couponhub_moengage.adapter.adapter import MoEngageAdapter

__all__ = ["MoEngageAdapter"]
