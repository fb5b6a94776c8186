"""The formats of JSON Schema: those that can be checked, and no word on the others.

The library lets ``@`` pass for an address, an hour without its zone for a time, any number of
dashes for a UUID, a pattern of Python's for one of JSON Schema's, and whatever it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAILBOX = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|([-+])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_LOOSE = frozenset(("idn-email", "color", "regex"))  # which the library would check, and does not


class Unchecked(ValueError):
    """A format that nothing here can check."""


class Formats:
    """As the library asks for it: the checker of one schema's formats."""

    def check(self, instance: object, format: str) -> None:
        """Raises the library's error for text of another form, and :class:`Unchecked`."""
        from jsonschema import FormatChecker, FormatError

        if not isinstance(instance, str):
            return
        if (fits := _OURS.get(format)) is not None:
            if not fits(instance):
                raise FormatError(f"{instance!r} is no {format}")
            return
        checker = FormatChecker()
        if format in _LOOSE or format not in checker.checkers:
            raise Unchecked(f"expected a format that can be checked, found {format!r}")
        checker.check(instance, format)


def _is_host(text: str) -> bool:
    if re.search(r"(?:^|\.)xn--", text, re.IGNORECASE):
        raise Unchecked("expected a host name that can be checked, found one in Punycode")
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def _is_email(text: str) -> bool:
    name, _, host = text.rpartition("@")
    if name.startswith('"') or host.startswith("["):
        raise Unchecked("expected an address that can be checked, found quotes or brackets")
    return len(name) <= 64 and _MAILBOX.fullmatch(name) is not None and _is_host(host)


def _is_date(text: str) -> bool:
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    """With its zone; a second 60 ends a day of UTC."""
    if (match := _TIME.fullmatch(text)) is None:
        return False
    hours, minutes, seconds, sign, *zone = match.groups()
    away = (60 * int(zone[0]) + int(zone[1])) * (-1 if sign == "-" else 1) if sign else 0
    return seconds != "60" or (60 * int(hours) + int(minutes) - away) % 1440 == 1439


def _is_moment(text: str) -> bool:
    return text[10:11] in ("T", "t") and _is_date(text[:10]) and _is_time(text[11:])


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


_OURS: dict[str, Callable[[str], bool]] = {
    "hostname": _is_host,
    "email": _is_email,
    "date": _is_date,
    "time": _is_time,
    "date-time": _is_moment,
    "uuid": _is_uuid,
}
