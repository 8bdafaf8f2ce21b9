import re
from email.header import decode_header, make_header
from quopri import decodestring

from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.email import encoded
from alerts.render import clean

titles = st.text(st.characters(exclude_categories=["Cs"]), max_size=180).map(lambda text: clean(text).strip())


@given(titles)
def test_any_subject_decodes_exactly_by_the_standard_library(subject: str) -> None:
    assert str(make_header(decode_header(encoded(subject)))) == subject


@given(titles)
def test_any_subject_decodes_exactly_by_the_letter_of_the_standard(subject: str) -> None:
    words = encoded(subject).split("\r\n ")
    pieces = [re.fullmatch(r"=\?utf-8\?q\?([!-~]*)\?=", word) for word in words]
    whole = "".join(decodestring(piece[1], header=True).decode() if piece else "" for piece in pieces)
    assert (whole if all(pieces) else words[0]) == subject


@given(titles)
def test_any_subject_folds_into_short_lines_of_ascii(subject: str) -> None:
    lines = f"Subject: {encoded(subject)}".split("\r\n")
    assert max(map(len, lines)) <= 78
    assert "".join(lines).isascii()
