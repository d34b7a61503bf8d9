"""Migrations of coupon lists from one vendor to another: planned, reviewed, then run and proven.

A plan holds counts and digests, never a code or a customer. Rows live in private files alone.
"""

from couponhub.migration.service import Migrations

__all__ = ["Migrations"]
