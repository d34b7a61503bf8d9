"""A file for a vendor's support: what was asked and answered, with no code, identifier, token or secret in it."""

import json
import os
import platform
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import attrs

from couponhub._version import installed_version
from couponhub.config import Config, ConnectionConfig
from couponhub.errors import LocalError
from couponhub.explain.documents import call_document
from couponhub.explain.explanation import ExplainedCoupon, Explanation
from couponhub.explain.redaction import Redactor
from couponhub.plugin import ConnectionSettings
from couponhub.secret import Secret
from couponhub.serialization import Document, instant_text, to_document
from couponhub.transport.shapes import value_shape

_MASK = "***"


def write_bundle(path: Path, explanation: Explanation, config: Config) -> None:
    """Write the bundle as a ZIP of JSON files, mode 0600, in place of whatever is there.

    Raises:
        LocalError: It cannot be written.
    """
    names = [answer.connection for answer in explanation.answers]
    configured = [config.connections[name] for name in names if name in config.connections]
    redactor = Redactor(_known(explanation, configured))
    texts = {
        f"{name}.json": json.dumps(redactor.document(document), indent=2, ensure_ascii=False) + "\n"
        for name, document in _documents(explanation, configured).items()
    }
    try:
        with open(path, "wb", opener=_private) as file:
            _write(file, texts)
    except OSError as error:
        raise LocalError(f"the bundle {path} cannot be written: {error.strerror}") from error


def _write(file: IO[bytes], texts: Mapping[str, str]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in texts.items():
            bundle.writestr(
                name, text.encode("utf-8", "backslashreplace")
            )  # JSON names half a surrogate pair so


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _documents(
    explanation: Explanation, configured: list[ConnectionConfig]
) -> dict[str, Document | list[Document]]:
    customer = explanation.customer
    return {
        "about": {
            "what": "Calls to coupon APIs without their values. *** stands for what was taken out.",
            "asked_at": instant_text(explanation.asked_at),
            "asked_by": customer.identifier.value if customer else "code",
            "couponhub": installed_version(),
            "python": sys.version.split()[0],
            "platform": platform.platform(),
        },
        "connections": [_connection(one) for one in configured],
        "answers": [
            {
                **to_document(answer),
                **dict.fromkeys(("asked_as", "first_name", "last_name")),
                "coupons": [
                    _coupon(one) for one in explanation.coupons if one.coupon.connection == answer.connection
                ],
            }
            for answer in explanation.answers
        ],
        "calls": [
            {**call_document(exchange), **attrs.asdict(exchange.shape)} for exchange in explanation.exchanges
        ],
    }


def _connection(configured: ConnectionConfig) -> Document:
    settings = configured.settings
    return {
        "connection": configured.name,
        "adapter": configured.plugin.name,
        "vendor": configured.plugin.title,
        "settings": {
            field.name: _setting(getattr(settings, field.name))
            for field in attrs.fields(type(settings))
            if field.repr is True
        },
    }


def _setting(value: Any) -> Any:
    match value:
        case Secret():
            return _MASK
        case str() if "@" in value or value.startswith(("/", "~")):
            return _MASK
        case Mapping():
            return dict(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def _coupon(explained: ExplainedCoupon) -> Document:
    coupon = explained.coupon
    return {
        "list_id": coupon.list_id,
        "status": coupon.status.value,
        "issued_at": instant_text(coupon.issued_at),
        "expires_at": instant_text(coupon.expires_at),
        "redemption_count": coupon.redemption_count,
        "redemptions_left": coupon.redemptions_left,
        "approximate": list(coupon.approximate),
        "source": coupon.source.value,
        "raw": value_shape(coupon.raw),
        "meanings": [
            {"field": meaning.field, "keys": list(meaning.raw), "because": meaning.because or None}
            for meaning in explained.meanings
        ],
    }


def _known(explanation: Explanation, configured: list[ConnectionConfig]) -> Iterator[str]:
    if explanation.customer is not None:
        yield explanation.customer.value
        yield explanation.customer.plain
    if explanation.code is not None:
        yield explanation.code
    for explained in explanation.coupons:
        yield explained.coupon.code
    for connection in configured:
        yield from _secrets(connection.settings)


def _secrets(settings: ConnectionSettings) -> Iterator[str]:
    for field in attrs.fields(type(settings)):
        value = getattr(settings, field.name)
        if isinstance(value, Secret):
            yield value.reveal()
        elif isinstance(value, str) and field.repr is not True:
            yield value
