"""Keys of hosts, pinned when they are first seen, in a file of the person's own settings."""

from __future__ import annotations

from hone import settings
from hone.errors import HoneError
from hone.workspace.files import explained, write_atomically

PLACE = "known_hosts"
# A pinned key is asked for by its kind; another kind would look like another host.
RSA = ["rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"]


class Pin:
    """What is known of one host's key, and what it shows now."""

    def __init__(self, name: str, known: str | None, wanted: str | None) -> None:
        self.name = name
        self._known = known
        self._wanted = wanted
        self._seen = ""
        self._fingerprint = ""

    @classmethod
    def of(cls, host: str, port: int, wanted: str | None = None) -> Pin:
        """The pin of a host; `wanted` is a fingerprint that its key must have."""
        name = f"[{host}]:{port}"
        return cls(name, _read().get(name), wanted)

    @property
    def algorithms(self) -> list[str]:
        """Kinds of key to ask for; none: any."""
        kind = (self._known or "").partition(" ")[0]
        return (RSA if kind == "ssh-rsa" else [kind]) if kind else []

    @property
    def fingerprint(self) -> str:
        """Of the key that the host showed; empty before."""
        return self._fingerprint

    def accepts(self, key: str, fingerprint: str) -> bool:
        """Whether the host may show this key (`kind base64`)."""
        self._seen, self._fingerprint = " ".join(key.split()[:2]), fingerprint
        if self._wanted is not None and self._wanted != fingerprint:
            return False
        return self._known is None or self._known == self._seen

    def keep(self) -> str:
        """Pin what was seen; a sentence with its fingerprint where it is new."""
        if self._known is not None or not self._seen:
            return ""
        self._known = self._seen
        _write({**_read(), self.name: self._seen})
        return f"First contact with {self.name}: its key is {self._fingerprint}, now pinned."

    def refusal(self, name: str) -> HoneError:
        """The sentence for a key that is not the right one."""
        seen = self._fingerprint or "of another kind"
        if self._wanted is not None and self._wanted != self._fingerprint:
            return HoneError(
                f"The key of {name} is {seen}, and {self._wanted} was expected: "
                "it may be another machine, or somebody in between.",
                hint="Compare with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there.",
            )
        if self._known is None:
            return HoneError(
                f"{name} and Hone agree on no kind of key, or no way to exchange one.",
                hint="Bring its SSH server up to date; ssh -v HOST shows what it offers.",
            )
        return HoneError(
            f"The key of {name} has changed (now {seen}): "
            "it may have been installed anew, or somebody is in between.",
            hint="If you know why: hone targets check NAME --new-key",
        )


def forget(host: str, port: int) -> bool:
    """Take a pin away; the next contact pins anew."""
    known = _read()
    if known.pop(f"[{host}]:{port}", None) is None:
        return False
    _write(known)
    return True


def _read() -> dict[str, str]:
    path = settings.user_config_folder() / PLACE
    if not path.exists():
        return {}
    with explained("read", path):
        lines = path.read_text("utf-8").splitlines()
    pairs = (line.split(" ", 1) for line in lines if " " in line and not line.startswith("#"))
    return {name: key.strip() for name, key in pairs}


def _write(known: dict[str, str]) -> None:
    lines = [f"{name} {key}\n" for name, key in sorted(known.items())]
    write_atomically(settings.user_config_folder() / PLACE, "".join(lines))
