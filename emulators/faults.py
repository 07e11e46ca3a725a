"""The fault menu: which troubles are armed, for whom and how often, and which have struck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Troubles of the wire, the same for every emulator; the shell carries them out.
OF_THE_WIRE: dict[str, str] = {
    "reply_lost": "The request is carried out, then the connection breaks before the answer.",
    "reply_slow": "The answer comes `seconds` of real time late.",
    "http_status": "The request is refused with `status` and `text` before anything is done.",
}
# What says where a fault strikes; every other option says how.
PLACES = {"method", "path", "id", "gpu"}


class UnknownFault(ValueError):
    """A fault that is not on the menu."""


@dataclass
class Armed:
    """One armed fault: strikes `times` times (-1: always) after letting `skip` occasions pass."""

    name: str
    times: int = 1
    skip: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def fits(self, where: Mapping[str, Any]) -> bool:
        """Whether this occasion is meant; `path` fits by its beginning."""
        for name in PLACES & set(self.options):
            is_given = str(where.get(name, ""))
            wanted = str(self.options[name])
            if not (is_given.startswith(wanted) if name == "path" else is_given == wanted):
                return False
        return True


class Faults:
    """What is armed now, and a record of everything that struck."""

    def __init__(self, menu: Mapping[str, str]) -> None:
        self.menu = {**OF_THE_WIRE, **menu}
        self.armed: list[Armed] = []
        self.struck: list[dict[str, Any]] = []

    def arm(self, name: str, *, times: int = 1, skip: int = 0, **options: Any) -> None:
        """Let `name` strike; UnknownFault for what is not on the menu."""
        if name not in self.menu:
            raise UnknownFault(f"no fault {name!r}; known: {', '.join(sorted(self.menu))}")
        self.armed.append(Armed(name, times, skip, options))

    def disarm(self, name: str | None = None) -> None:
        """Take back one fault, or all."""
        self.armed = [one for one in self.armed if name not in (None, one.name)]

    def strike(self, name: str, **where: Any) -> dict[str, Any] | None:
        """The options of the fault if it strikes here and now, else None."""
        if name not in self.menu:
            raise UnknownFault(f"{name!r} is not on the menu")
        for one in self.armed:
            if one.name == name and one.times != 0 and one.fits(where):
                if one.skip > 0:
                    one.skip -= 1
                    continue
                one.times -= 1 if one.times > 0 else 0
                self.struck.append({"name": name, **where})
                return one.options
        return None
