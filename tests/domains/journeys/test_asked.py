"""People's answers name channels in five languages; what names none gives none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.domains.journeys.asked import heard_from
from bookingbridge.domains.journeys.vocabulary import Channel


@pytest.mark.parametrize(
    ("answer", "channel"),
    [
        ("Google", "google_organic"),
        ("googled it", "google_organic"),
        ("GOOGLE MAPS!!", "google_business_profile"),
        ("saw your Google reviews", "google_business_profile"),
        ("Google ad", "google_ads"),
        ("Instagram", "meta_organic"),
        ("an ad on Instagram", "meta_ads"),
        ("insta", "meta_organic"),
        ("FB", "meta_organic"),
        ("tik-tok", "organic_social"),
        ("Nextdoor", "organic_social"),
        ("social media", "organic_social"),
        ("ChatGPT told me", "ai_assistant"),
        ("Yelp", "referral"),
        ("A friend", "referral"),
        ("my friend’s recommendation", "referral"),
        ("My mom", "referral"),
        ("word-of-mouth", "referral"),
        ("walked by", "offline"),
        ("I live nearby", "offline"),
        ("flyer", "offline"),
        ("Newsletter", "email"),
        ("e-mail", "email"),
        ("text message", "sms"),
        ("returning client", "direct"),
        ("an advertisement", "paid_other"),
        ("búsqueda en Google", "google_organic"),
        ("una amiga", "referral"),
        ("mi hermana me recomendó", "referral"),
        ("anuncio en Facebook", "meta_ads"),
        ("pasé por delante", "offline"),
        ("vivo cerca", "offline"),
        ("redes sociales", "organic_social"),
        ("koleżanka", "referral"),
        ("znajoma poleciła", "referral"),
        ("z polecenia", "referral"),
        ("mąż", "referral"),
        ("reklama na Facebooku", "meta_ads"),
        ("na Instagramie", "meta_organic"),
        ("ulotka", "offline"),
        ("przechodziłam obok", "offline"),
        ("szyld", "offline"),
        ("mapy Google", "google_business_profile"),
        ("wyszukiwarka", "organic_search"),
        ("подруга порадила", "referral"),
        ("від друзів", "referral"),
        ("Інстаграм", "meta_organic"),
        ("реклама в інстаграмі", "meta_ads"),
        ("Гугл", "google_organic"),
        ("гугл карти", "google_business_profile"),
        ("проходила повз", "offline"),
        ("постійна клієнтка", "direct"),
        ("тікток", "organic_social"),
        ("Freundin", "referral"),
        ("Empfehlung einer Kollegin", "referral"),
        ("Google-Suche", "google_organic"),
        ("Werbung auf Instagram", "meta_ads"),
        ("bin vorbeigelaufen", "offline"),
        ("Schaufenster", "offline"),
        ("Stammkundin", "direct"),
        ("wohne in der Nähe", "offline"),
    ],
)
def test_an_answer_names_its_channel(answer: str, channel: str) -> None:
    found = heard_from(answer)
    assert found is not None
    assert found.channel == channel


@pytest.mark.parametrize(
    "answer",
    ["", " ", "other", "n/a", "-", "internet", "online", "I don't remember", "otro", "inne", "інше", "Sonstiges", "Ana",
     "adventure", "brown", "unfriendly", "Besuch", "sonst", "bingo"],
)  # fmt: skip
def test_what_names_no_place_is_not_guessed(answer: str) -> None:
    assert heard_from(answer) is None


def test_of_several_places_the_one_named_first_counts() -> None:
    first, second = heard_from("Facebook, or maybe a friend"), heard_from("a friend, or maybe Facebook")
    assert first is not None
    assert second is not None
    assert (first.channel, second.channel) == (Channel.META_ORGANIC, Channel.REFERRAL)


def test_the_sentence_quotes_the_answer_as_it_was_given() -> None:
    found = heard_from("  Моя   подруга ")
    assert found is not None
    assert found.why == "Asked how they heard of you, they answered “Моя подруга”."


@given(st.text(max_size=200))
def test_no_answer_breaks_the_search(text: str) -> None:
    for answer in (text, f"{text} google", text * 10):
        found = heard_from(answer)
        assert found is None or found.channel in set(Channel)
