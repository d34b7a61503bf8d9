"""A "sent" mail as others take it: as JSON of the control API, and as the file that a mail program saves."""

import base64
import mimetypes
from email.message import EmailMessage
from typing import Any

from couponhub.testing.emulation.answers import instant_text
from couponhub.testing.emulation.context import Mail


def as_json(mail: Mail, *, url: str) -> dict[str, Any]:
    """A mail with its files; `url` is the mail's path without its ending, files stand below it."""
    return {
        "at": instant_text(mail.at),
        "vendor": mail.vendor,
        "to": list(mail.to),
        "subject": mail.subject,
        "text": mail.text,
        "eml": f"{url}.eml",
        "attachments": [
            {
                "name": name,
                "url": f"{url}/{name}",
                "base64": base64.b64encode(content).decode(),
                "text": _utf8(content),
            }
            for name, content in mail.attachments.items()
        ],
    }


def as_eml(mail: Mail, *, number: str) -> bytes:
    """A mail in the format of RFC 5322, with its files."""
    message = EmailMessage()
    message["Date"] = mail.at
    message["Message-ID"] = f"<{number}@{mail.vendor}.invalid>"
    message["From"] = f"{mail.vendor} <no-reply@{mail.vendor}.invalid>"
    message["To"] = ", ".join(mail.to)
    message["Subject"] = " ".join(
        mail.subject.split()
    )  # a list's name may hold a line break, a header must not
    message.set_content(mail.text)
    for name, content in mail.attachments.items():
        main, _, sub = media_type(name).partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def media_type(name: str) -> str:
    """Return the Content-Type of a file of that name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _utf8(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
