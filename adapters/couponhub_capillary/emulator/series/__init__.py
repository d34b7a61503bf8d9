"""Coupon series: what they may be told, and how they are shown."""
