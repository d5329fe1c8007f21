import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.identity import (
    MailDomain,
    MailRows,
    domain_of,
    is_look_alike,
    mail_domain,
    name_key,
    not_a_work_address,
    registrable_domain,
    without_reseller,
)


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("example.com", "example.com"),
        ("mail.Example.COM.", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("dept.firm-1.example", "firm-1.example"),
        ("us.acme.github.io", "acme.github.io"),
        ("co.uk", "co.uk"),
        ("xn--mller-kva.de", "xn--mller-kva.de"),
    ],
)
def test_an_organisation_is_known_by_the_domain_it_registered(domain, registered):
    assert registrable_domain(domain) == registered


def test_the_domain_of_an_address_follows_its_at_sign():
    assert domain_of("ann@Acme.Example") == "acme.example"


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("gmail.com", MailDomain.CONSUMER),
        ("GMX.de", MailDomain.CONSUMER),
        ("yopmail.com", MailDomain.DISPOSABLE),
        ("anything.yopmail.com", MailDomain.DISPOSABLE),
        ("example.com", MailDomain.WORK),
        ("firm-1.example", MailDomain.WORK),
        ("mattermost.com", MailDomain.WORK),
    ],
)
def test_free_and_throw_away_domains_are_no_work_domains(domain, kind):
    """Rule GEN-5."""
    assert mail_domain(domain) is kind


def test_the_rows_of_staff_win_over_the_lists():
    """Rule GEN-5: also for the sub-domains of a row's domain."""
    rows = MailRows(allow=frozenset({"gmx.de"}), deny=frozenset({"spam.example"}))

    assert mail_domain("mail.gmx.de", rows) is MailDomain.WORK
    assert mail_domain("a.spam.example", rows) is MailDomain.DENIED


@pytest.mark.parametrize("kind", [each for each in MailDomain if each is not MailDomain.WORK])
def test_a_refused_address_is_told_why_and_whom_to_ask(kind):
    """Rule GEN-5."""
    told = not_a_work_address(kind, "mail.example", contact="https://vendor.example/talk")

    assert "mail.example" in told
    assert "https://vendor.example/talk " in told


def test_a_work_address_needs_no_explanation():
    assert not_a_work_address(MailDomain.WORK, "acme.example", contact="x") == ""


@pytest.mark.parametrize(
    "domain",
    ["xn--pple-43d.com", "xn--80ak6aa92e.com", "mail.xn--pple-43d.com", "xn--99999999999.com"],
)
def test_domains_that_imitate_another_alphabet_are_flagged(domain):
    assert is_look_alike(domain)


@pytest.mark.parametrize(
    "domain",
    [
        "apple.com",
        "xn--mller-kva.de",
        "xn--e1afmkfd.xn--p1ai",  # Cyrillic letters that no Latin ones look like
        "xn--wgv71a119e.jp",  # Japanese
        "xn--hxajbheg2az3al.xn--jxalpdlp",  # Greek
    ],
)
def test_honest_domains_in_other_alphabets_are_not_flagged(domain):
    assert not is_look_alike(domain)


@pytest.mark.parametrize(
    ("typed", "company"),
    [
        ("Acme Ltd [RESELLER]", "Acme Ltd"),
        ("Acme Ltd[ reseller ] ", "Acme Ltd"),
        ("[Reseller]", ""),
    ],
)
def test_the_reseller_mark_is_taken_off_the_name(typed, company):
    """Rule EVAL-2."""
    assert without_reseller(typed) == (company, True)


@pytest.mark.parametrize("typed", ["Acme Ltd", "[RESELLER] Acme", "Acme RESELLER"])
def test_the_reseller_mark_counts_only_at_the_end(typed):
    assert without_reseller(typed) == (typed, False)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Acme, Inc.", "acme"),
        ("ACME GmbH & Co. KG", "acme"),
        ("\uff21\uff23\uff2d\uff25 Limited Liability Company", "acme"),
        ("  Stra\u00dfe   AG ", "strasse"),
        ("Acme Ltd [RESELLER]", "acme"),
        ("\u041e\u041e\u041e", "\u043e\u043e\u043e"),
        ("Rio Claro Log\u00edstica & Filhos Lda", "rio claro log\u00edstica filhos"),
        ("GmbH", "gmbh"),
    ],
)
def test_names_are_compared_without_ornament_and_legal_form(name, key):
    """Rule GEN-4."""
    assert name_key(name) == key


@given(st.text(max_size=40))
def test_comparing_a_name_twice_changes_nothing(text):
    assert name_key(name_key(text)) == name_key(text)
