"""Opens a file as text: what it is if it is not text, and which encoding it has."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path
from typing import NamedTuple, TextIO

from hone.errors import HoneError, InvalidInput, NotFound

HEAD_BYTES = 256 * 1024
SAMPLE_BYTES = 64 * 1024
FEW_ODD_BYTES = 24
MOST_CONTROL_SHARE = 0.05
FEW_CONTROL_BYTES = 8

# (first bytes, what it is, what to do). Order matters: the longer marks come first.
NOT_TEXT: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "a PNG image", "name a file of rows (CSV, JSON, JSONL or Parquet)"),
    (b"\xff\xd8\xff", "a JPEG image", "name a file of rows (CSV, JSON, JSONL or Parquet)"),
    (b"GIF8", "a GIF image", "name a file of rows (CSV, JSON, JSONL or Parquet)"),
    (b"%PDF", "a PDF document", "export its questions and answers as CSV first"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first: gunzip --keep {path}"),
    (b"BZh", "a bzip2 archive", "unpack it first: bunzip2 --keep {path}"),
    (b"\xfd7zXZ", "an xz archive", "unpack it first: xz --decompress --keep {path}"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "unpack it first: zstd -d {path}"),
    (
        b"PK\x03\x04",
        "a ZIP archive or an Office file",
        "unzip it, or save the sheet as CSV; a Slack export holds channels.json or days by channel",
    ),
    (b"PK\x05\x06", "an empty ZIP archive", "check the export that wrote it"),
    (b"\xd0\xcf\x11\xe0", "an old Office file", "save the sheet as CSV (UTF-8)"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV first"),
    (b"PAR1", "a Parquet file", "hone import {path} --as parquet"),
    (b"ARROW1", "an Arrow file", "write it as Parquet first"),
)
BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class TextForm(NamedTuple):
    """The encoding of a file and how it is known."""

    encoding: str
    note: str


def read_head(path: Path, size: int = HEAD_BYTES) -> bytes:
    """The first bytes of a regular file; whatever cannot be read ends in an error with a mend."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InvalidInput(f"{path} is a folder.", hint=f"name its files: hone import {path}/*")
        if not stat.S_ISREG(mode):
            # A pipe can be read once and never again; two passes are needed.
            raise InvalidInput(
                f"{path} is not a regular file (a pipe or a device).",
                hint=f"write it to a file first: cat {path} > rows.csv && hone import rows.csv",
            )
        with path.open("rb") as stream:
            head = stream.read(size)
    except OSError as error:
        raise explain_os_error(path, error) from error
    if not head:
        raise InvalidInput(f"{path} is empty.", hint="check the export that wrote it")
    return head


def explain_os_error(path: Path, error: OSError) -> HoneError:
    """The error a person sees when the system refuses to open or read a file."""
    if isinstance(error, FileNotFoundError):
        return NotFound(f"There is no file {path}.", hint=f"ls {path.parent}")
    if isinstance(error, PermissionError):
        return InvalidInput(f"{path} may not be read.", hint=f"chmod u+r {path}")
    return InvalidInput(
        f"{path} cannot be read: {error.strerror or error}.", hint=f"ls -l {path.parent}"
    )


def refuse_binary(path: Path, head: bytes) -> None:
    """Raise InvalidInput where `head` is a known binary format or holds too much binary."""
    for mark, name, mend in NOT_TEXT:
        if head.startswith(mark):
            raise InvalidInput(f"{path} is {name}, not text.", hint=mend.format(path=path))
    if _marked(head) or _wide_without_mark(head):
        return
    # Without tab, line ends and escape; without the separators that exports use, 0x01 and 0x1f.
    codes = (0, *range(2, 9), *range(14, 27), 28, 29, 30)
    control = sum(head.count(code) for code in codes)
    if control > max(FEW_CONTROL_BYTES, len(head) * MOST_CONTROL_SHARE):
        raise InvalidInput(
            f"{path} is not text: {control:,} of its first {len(head):,} bytes are control codes.",
            hint="name a file of rows (CSV, JSON, JSONL or Parquet)",
        )


def detect(path: Path, encoding: str | None = None) -> TextForm:
    """The encoding of a text file, from its mark, from samples, or as the caller says.

    Bounded: the head, a piece of the middle and a piece of the end are looked at, not the whole
    file. A row that turns out not to fit is refused later, never changed.
    """
    head = read_head(path)
    refuse_binary(path, head)
    if encoding is not None:
        try:
            "".encode(encoding)  # refuses codecs that make no text, such as base64
            name = codecs.lookup(encoding).name
        except LookupError:
            raise InvalidInput(
                f'"{encoding}" is not a known encoding.',
                hint="--option encoding=utf-8, latin-1, cp1252, utf-16, gb18030, …",
            ) from None
        return TextForm(name, f"encoding {name} (as you said)")
    mark = _marked(head)
    if mark:
        return TextForm(mark, f"encoding {mark} (byte order mark)")
    wide = _wide_without_mark(head)
    if wide:
        return TextForm(wide, f"encoding {wide} (no mark; every other byte is zero)")
    samples = _samples(path, head)
    odd, proper = _utf8_evidence(samples)
    if odd == 0 or odd * 10 <= proper:
        return TextForm("utf-8", "encoding utf-8")
    return _guess(b"\n".join(samples))


def open_text(path: Path, form: TextForm) -> TextIO:
    """The file as text with its line ends untouched.

    Bytes that do not fit become lone surrogates, which no stored text may hold, so the row with
    them is refused instead of being changed without a word.
    """
    is_wide = form.encoding.startswith(("utf-16", "utf_16", "utf-32", "utf_32"))
    return path.open(
        encoding=form.encoding, errors="strict" if is_wide else "surrogateescape", newline=""
    )


def sample_text(path: Path, form: TextForm, size: int = SAMPLE_BYTES * 2) -> tuple[str, bool]:
    """The beginning of the file as text, and whether that is all of it."""
    with open_text(path, form) as stream:
        try:
            text = stream.read(size)
            return text, not stream.read(1)
        except UnicodeDecodeError as error:
            raise undecodable(path, form, error) from error


def undecodable(path: Path, form: TextForm, error: UnicodeDecodeError) -> InvalidInput:
    """The error for a file that is not in the encoding it claims."""
    return InvalidInput(
        f"{path} is not {form.encoding}: {error.reason}.",
        hint=f"hone import {path} --option encoding=NAME",
    )


def _marked(head: bytes) -> str:
    return next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), "")


def _wide_without_mark(head: bytes) -> str:
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half < 4:
        return ""
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    return ""


def _samples(path: Path, head: bytes) -> list[bytes]:
    size = path.stat().st_size
    pieces = [head]
    if size > len(head) + 2 * SAMPLE_BYTES:
        with path.open("rb") as stream:
            for start in (size // 2, size - SAMPLE_BYTES):
                stream.seek(start)
                pieces.append(stream.read(SAMPLE_BYTES))
    return pieces


def _utf8_evidence(samples: list[bytes]) -> tuple[int, int]:
    """Bytes that UTF-8 does not allow, and characters beyond ASCII that it does."""
    odd = proper = 0
    for index, sample in enumerate(samples):
        if index:
            # A piece from the middle may begin inside a character.
            begin = next((n for n in range(4) if sample[n] & 0xC0 != 0x80), 0)
            sample = sample[begin:]
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        # final=False: a character cut at the end of a piece is not an error.
        text = decoder.decode(sample, final=False)
        if text.isascii():
            continue
        beyond = sum(1 for character in text if character > "\x7f")
        bad = sum(1 for character in text if "\udc80" <= character <= "\udcff")
        odd, proper = odd + bad, proper + beyond - bad
    return odd, proper


def _guess(sample: bytes) -> TextForm:
    from charset_normalizer import from_bytes

    odd = sum(1 for byte in sample if byte >= 0x80)
    name = None
    if odd > FEW_ODD_BYTES:
        best = from_bytes(sample, steps=5, chunk_size=1024).best()
        name = best.encoding if best else None
        if name and _decodes(sample, "cp1252") and sample.decode(name) == sample.decode("cp1252"):
            name = "cp1252"  # the same text in this sample: the commoner of the two
    if name in (None, "ascii", "utf_8"):
        # Too little to tell by statistics: the most common single-byte encoding, and it is said.
        name = "cp1252" if _decodes(sample, "cp1252") else "latin-1"
    name = codecs.lookup(name).name
    return TextForm(
        name, f"encoding {name} (guessed: it is not UTF-8; another: --option encoding=NAME)"
    )


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
