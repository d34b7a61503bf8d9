"""Exports of other tools whose column of codes has a name that says nothing by itself."""

from collections.abc import Collection

import attrs

from couponhub.codes.words import plain


@attrs.frozen
class _Export:
    """The header of one tool's export: `column` holds the codes where `beside` stand, too."""

    tool: str
    column: str
    beside: tuple[str, ...]

    def is_named(self, words: Collection[str]) -> bool:
        return all(plain(name) in words for name in (self.column, *self.beside))


EXPORTS = (
    _Export("Talon.One", "value", ("campaignid", "batchid")),
    _Export("WooCommerce", "post_title", ("discount_type", "coupon_amount")),
)
"""The exports of Voucherify, Shopify, Braze, Saleor and many others call the column `code`, which is known anyway."""


def code_word_of(words: Collection[str]) -> str | None:
    """Return the plain word that names the codes in the header of a known export; None for any other header.

    Args:
        words: The plain words of the header.
    """
    return next((plain(export.column) for export in EXPORTS if export.is_named(words)), None)
