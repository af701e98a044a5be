"""What people type becomes text that everybody can read."""

from __future__ import annotations

import pytest

from nexapp.identity.fields import one_line, readable


@pytest.mark.parametrize(("typed", "kept"), [
    ("  Ana\tRuiz \n", "Ana Ruiz"),
    ("Ana\u2028Ruiz\u00a0", "Ana Ruiz"),
    ("Shop\ue000\ue001", "Shop"),
    ("\u202egnirts\u202c", "gnirts"),
    ("a\x00b\ud800c", "abc"),
    ("👩\u200d🔧 Zoë", "👩\u200d🔧 Zoë"),
])  # fmt: skip
def test_a_line_holds_what_can_be_read(typed: str, kept: str) -> None:
    assert one_line(typed) == kept


def test_a_note_keeps_its_lines() -> None:
    assert readable("one\r\ntwo\tthree\u202e\rfour ") == "one\ntwo three\nfour"
    assert readable(None) is None
