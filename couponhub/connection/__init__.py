"""One configured account at one vendor: its lists, uploads, customers, coupons and usage reports."""

from couponhub.connection.connection import Connection
from couponhub.connection.coupons import Coupons
from couponhub.connection.customers import Customers
from couponhub.connection.lists import Lists

__all__ = ["Connection", "Coupons", "Customers", "Lists"]
