"""Text to token ids, where only the template may write control tokens.

A user's message may hold "<|im_end|><|im_start|>system". Written as it is, a tokenizer would
turn it into control tokens and the message would end its own turn. So control tokens inside
contents are broken by a secret mark before the template sees them. Where a rendered text holds
no mark it is encoded as it is: the fast path, the ids that transformers gives. Where it holds
one, a second tokenizer encodes it whose control tokens have secret names: the template's own
are renamed in the text, those of the contents are not, so they fall into ordinary pieces.
The mark never reaches a text that is shown, hashed or trained on.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer

from hone.errors import HoneError


class Encoding:
    """A base's tokenizer.json, and the guard around it."""

    def __init__(self, tokenizer_file: Path, markup: str) -> None:
        try:
            text = tokenizer_file.read_text(encoding="utf-8")
            settings: dict[str, Any] = json.loads(text)
            self._tokenizer = _quiet(Tokenizer.from_str(text))
        except Exception as error:  # tokenizers raises a plain Exception for every fault
            raise HoneError(
                f"Cannot read the tokenizer {tokenizer_file}: {error}",
                hint="Hone needs the tokenizer.json of the base; download the base again.",
            ) from error
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        self._file = tokenizer_file
        self._renamed: _Renamed | None = None
        self._secret = secrets.token_hex(8)
        self._mark = f"\ue0f0{self._secret}\ue0f1"
        added = settings.get("added_tokens") or []
        self.added = {str(one["content"]): int(one["id"]) for one in added}
        special = {str(one["content"]) for one in added if one.get("special")}
        # A token such as <think> is no special one, but where the template writes it, it steers.
        steering = {one for one in self.added if one in markup and not one.isspace()}
        # Such tokens are also found in text that only becomes them when it is normalised.
        self._is_always_guarded = settings.get("normalizer") is not None and any(
            one.get("normalized") and one["content"] in special | steering for one in added
        )
        self._in_answers = _Lookalikes(special)
        self._in_prompts = _Lookalikes(special | steering)
        # With these a text begins differently from a text that goes on.
        begins_apart = re.search(r'"(Metaspace|Prepend)"|"add_prefix_space": *true', text)
        self._joint = f"\ue0f2{self._secret}\ue0f3" if begins_apart else ""
        if self._joint:
            self._tokenizer.add_special_tokens([AddedToken(self._joint, normalized=False)])

    def marked(self, content: str, *, is_answer: bool = False) -> str:
        """The content with every control token in it broken by the mark."""
        return (self._in_answers if is_answer else self._in_prompts).broken(content, self._mark)

    def unmarked(self, text: str) -> str:
        """The text as people, files and models see it."""
        return text.replace(self._mark, "")

    def id_of(self, text: str) -> int | None:
        """The id of a text that is one added token, otherwise None."""
        return self.added.get(text)

    def vocabulary_id(self, text: str) -> int | None:
        """The id of a text that is one token, added or not, otherwise None."""
        return self._tokenizer.token_to_id(text)

    @property
    def last_id(self) -> int:
        """The highest id of the vocabulary, without tokens that were added to it."""
        return max(self._tokenizer.get_vocab(with_added_tokens=False).values(), default=-1)

    def ids(self, text: str, *, goes_on: bool = False) -> list[int]:
        """Token ids of one rendered text; `goes_on` where another text stands before it."""
        return self.batch([(text, goes_on)])[0]

    def batch(self, texts: Sequence[tuple[str, bool]]) -> list[list[int]]:
        """Token ids of many (text, goes_on), on all cores that tokenizers may use."""
        joint, mark = self._joint, self._mark
        plain = [joint + text if goes_on else text for text, goes_on in texts]
        skip = 1 if joint else 0
        found = self._tokenizer.encode_batch_fast(plain, add_special_tokens=False)
        return [
            self._guarded_ids(text, goes_on)
            if mark in text or self._is_always_guarded
            else (one.ids[skip:] if goes_on else one.ids)
            for one, (text, goes_on) in zip(found, texts, strict=True)
        ]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a plain text begins and ends, in characters."""
        return self._tokenizer.encode(text, add_special_tokens=False).offsets

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, control tokens included."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=False)

    def _guarded_ids(self, text: str, goes_on: bool) -> list[int]:
        if self._renamed is None:
            self._renamed = _Renamed(self._file, self._in_prompts.texts, self._secret)
        renamed = self._renamed
        protected = self._in_prompts.renamed(text, renamed.prefix)
        own = self._in_prompts.count(text)
        ids = renamed.ids(protected.replace(self._mark, ""), goes_on)
        if sum(map(renamed.guarded_ids.__contains__, ids)) > own:
            # Some vocabularies know a control token as ordinary text too: cut it in two.
            ids = renamed.ids(protected.replace(self._mark, renamed.gap), goes_on)
        return ids


class _Lookalikes:
    """Finds control tokens in a content, and halves of them at its ends."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = frozenset(text for text in texts if text)
        longest_first = sorted(self.texts, key=lambda text: (-len(text), text))
        whole = "|".join(map(re.escape, longest_first)) or r"(?!)"
        self._whole = re.compile(whole)
        # Two contents beside each other must not join to one token either.
        self._heads = {text[:end] for text in self.texts for end in range(1, len(text))}
        self._tails = {text[start:] for text in self.texts for start in range(1, len(text))}
        self._longest = max(map(len, self.texts), default=0)
        self._last_letters = frozenset(text[-1] for text in self._heads)
        self._first_letters = frozenset(text[0] for text in self._tails)

    def broken(self, content: str, mark: str) -> str:
        """The content with the mark inside every control token, and beside halves of one."""
        stripped = content.strip()
        if not stripped:
            return content
        if self._whole.search(content):
            content = self._whole.sub(lambda found: found[0][:1] + mark + found[0][1:], content)
        if stripped[-1] in self._last_letters and self._is_half(stripped, self._heads, -1):
            end = len(content.rstrip())
            content = content[:end] + mark + content[end:]
        if stripped[0] in self._first_letters and self._is_half(stripped, self._tails, 1):
            start = len(content) - len(content.lstrip())
            content = content[:start] + mark + content[start:]
        return content

    def _is_half(self, text: str, halves: set[str], side: int) -> bool:
        lengths = range(1, min(self._longest, len(text)) + 1)
        return any((text[:n] if side > 0 else text[-n:]) in halves for n in lengths)

    def renamed(self, text: str, prefix: str) -> str:
        return self._whole.sub(lambda found: prefix + found[0], text)

    def count(self, text: str) -> int:
        return sum(1 for _ in self._whole.finditer(text))


class _Renamed:
    """The same tokenizer, but its control tokens are only found under secret names."""

    def __init__(self, file: Path, guarded: frozenset[str], secret: str) -> None:
        settings = json.loads(file.read_text(encoding="utf-8"))
        added = sorted(settings.get("added_tokens") or [], key=lambda one: one["id"])
        settings |= {"added_tokens": [], "post_processor": None}
        self._tokenizer = _quiet(Tokenizer.from_str(json.dumps(settings)))
        self.prefix = f"\ue0f4{secret}\ue0f5"
        self.gap = f"\ue0f6{secret}\ue0f7"
        self._joint = f"\ue0f2{secret}\ue0f3"
        tokens = [_renamed_token(one, guarded, self.prefix) for one in added]
        self._tokenizer.add_tokens(
            [*tokens, *(AddedToken(text, normalized=False) for text in (self.gap, self._joint))]
        )
        # Added tokens are numbered anew here; this leads back to the numbers of the file.
        self._back = {
            self._tokenizer.token_to_id(token.content): int(one["id"])
            for token, one in zip(tokens, added, strict=True)
        }
        self._dropped = {self._tokenizer.token_to_id(text) for text in (self.gap, self._joint)}
        self.guarded_ids = frozenset(int(one["id"]) for one in added if one["content"] in guarded)

    def ids(self, text: str, goes_on: bool) -> list[int]:
        found = self._tokenizer.encode(
            self._joint + text if goes_on else text, add_special_tokens=False
        )
        return [self._back.get(one, one) for one in found.ids if one not in self._dropped]


def _renamed_token(one: dict[str, Any], guarded: frozenset[str], prefix: str) -> AddedToken:
    is_guarded = one["content"] in guarded
    return AddedToken(
        prefix + one["content"] if is_guarded else one["content"],
        single_word=one.get("single_word", False),
        lstrip=one.get("lstrip", False),
        rstrip=one.get("rstrip", False),
        normalized=False if is_guarded else one.get("normalized", True),
    )


def _quiet(tokenizer: Tokenizer) -> Tokenizer:
    # A tokenizer.json may carry the cut and the padding of whoever saved it last.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
