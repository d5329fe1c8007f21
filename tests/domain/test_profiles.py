import re

import pytest

from partnerdesk.domain.profiles import LATEST, PROFILES, SKUS, UnknownSkuError, flags_of, sku_of

# The published table, typed from the specification: P, E, A = Professional, Enterprise, Advanced.
PUBLISHED = """
ldap                                                                            T T T
ldap_groups                                                                     F T T
mfa google_oauth office365_oauth openid                                         T T T
compliance cluster metrics                                                      F T T
mhpns saml                                                                      T T T
elastic_search                                                                  F T T
announcement theme_management                                                   T T T
email_notification_contents data_retention message_export                       F T T
custom_permissions_schemes custom_terms_of_service                              F T T
guest_accounts guest_accounts_permissions                                       T T T
id_loaded lock_teammate_name_display                                            F T T
enterprise_plugins                                                              T T T
advanced_logging                                                                F T T
cloud                                                                           F F F
shared_channels remote_cluster_service outgoing_oauth_connections               F T T
auto_translation                                                                F F T
future_features                                                                 F F F
"""
COLUMNS = ["professional", "enterprise", "advanced"]


def published(sku):
    flags = {}
    for line in PUBLISHED.split("\n"):
        names = re.findall(r"[a-z0-9_]{2,}", line)
        marks = re.findall(r"\b[TF]\b", line)
        flags |= {name: marks[COLUMNS.index(sku)] == "T" for name in names}
    return flags


@pytest.mark.parametrize("sku", COLUMNS)
def test_an_edition_has_the_published_flags_in_the_published_order(sku):
    assert list(flags_of(sku).items()) == list(published(sku).items())


def test_every_edition_says_all_31_flags_since_a_missing_one_counts_as_true():
    assert {len(flags_of(sku)) for sku in SKUS} == {31}


@pytest.mark.parametrize("sku", COLUMNS)
def test_no_edition_is_promised_what_comes_later_or_lives_in_the_cloud(sku):
    flags = flags_of(sku)

    assert flags["future_features"] is False
    assert flags["cloud"] is False


def test_the_editions_are_the_three_we_sell():
    assert {sku.short_name: sku.name for sku in SKUS.values()} == {
        "professional": "Professional",
        "enterprise": "Enterprise",
        "advanced": "Enterprise Advanced",
    }


@pytest.mark.parametrize("retired", ["E10", "E20", "e20", "Enterprise", ""])
def test_a_retired_or_misspelt_edition_is_refused(retired):
    with pytest.raises(UnknownSkuError, match=repr(retired)):
        sku_of(retired)


def test_every_version_of_the_table_is_written_with_the_letters_of_the_editions():
    letters = {sku.letter for sku in SKUS.values()}

    assert max(PROFILES) == LATEST
    assert all(set(has) <= letters for flags in PROFILES.values() for has in flags.values())
