"""Links: opaque, for one purpose, record and recipient."""

from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.signature import Links, Purpose, link_claim, token_digest

LINKS = Links("https://desk.example", key=b"k" * 32)
names = st.text(min_size=1, max_size=20)


@given(names, names, names, names)
def test_another_record_or_recipient_has_another_token(ref, to, other_ref, other_to):
    """robustness.md SEC-14: a token opens one thing for one person."""
    token = LINKS.token(Purpose.STATUS, ref, to)
    other = LINKS.token(Purpose.STATUS, other_ref, other_to)

    assert (token == other) == (f"{ref}|{to}" == f"{other_ref}|{other_to}")


def test_a_token_has_160_bits_of_a_secret_key_in_it():
    token = LINKS.token(Purpose.STATUS, "TRL-1", "PER-1")

    assert len(token) == 32
    assert token.isalnum()
    assert token != Links(LINKS.root, key=b"x" * 32).token(Purpose.STATUS, "TRL-1", "PER-1")


def test_the_same_request_has_the_same_link():
    """The second answer to a form is the first one, link included."""
    url = LINKS.status_url("TRL-1", "PER-1")

    assert url == LINKS.status_url("TRL-1", "PER-1")
    assert url.startswith("https://desk.example/status/")


def test_the_ledger_keeps_a_digest_and_not_the_token():
    token = LINKS.token(Purpose.STATUS, "TRL-1", "PER-1")

    assert token not in link_claim(token)
    assert link_claim(token) == f"link:{token_digest(token)}"


def test_the_key_is_never_printed():
    """robustness.md SEC-18."""
    assert "kkkk" not in repr(LINKS)
