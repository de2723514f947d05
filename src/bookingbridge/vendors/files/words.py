"""What the words in a file's cells mean: statuses, yes and no, platforms. Several languages, as tools export them."""

from __future__ import annotations

from typing import Final

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.records import BookingStatus, PaymentStatus
from bookingbridge.vendors.files.vocabulary import plain

_BOOKING: Final = {
    BookingStatus.CONFIRMED: "confirmed | confirm | accepted | approved | booked | scheduled | active | new | open | "
    "rescheduled | reserved | upcoming | unconfirmed client | not started | confirmada | confirmado | aceptada | "
    "reservada | reservado | programada | bestatigt | gebucht | geplant | bestaetigt | confirme | confirmee | reserve | "
    "planifie | potwierdzona | potwierdzone | potwierdzony | umowiona | zarezerwowana | підтверджено | підтверджений | "
    "підтверджена | заплановано | заброньовано | новий | agendado | agendada | confermato | confermata | prenotato",
    BookingStatus.COMPLETED: "completed | complete | done | finished | checked out | checkout | checked in | arrived | "
    "paid | attended | show | showed | showed up | fulfilled | closed | served | completada | completado | realizada | "
    "realizado | finalizada | finalizado | asistio | atendido | pagado | pagada | abgeschlossen | erledigt | "
    "erschienen | bezahlt | termine | terminee | effectue | honore | paye | zakonczona | zakonczone | zrealizowana | "
    "zrealizowane | oplacona | завершено | завершений | завершена | виконано | відбувся | оплачено | concluido | "
    "concluida | completato | completata | pagato",
    BookingStatus.CANCELLED: "cancelled | canceled | cancel | cancelled by customer | canceled by customer | "
    "cancelled by seller | canceled by seller | cancelled by client | canceled by client | cancelled by business | "
    "late cancel | late cancelled | late canceled | late cancellation | cancellation | deleted | void | removed | "
    "cancelada | cancelado | anulada | storniert | abgesagt | annuliert | annule | annulee | annulation | anulowana | "
    "anulowane | anulowany | odwolana | odwolane | скасовано | скасований | скасована | відмінено | відмова | "
    "cancelamento | annullato | annullata | cancellato",
    BookingStatus.NO_SHOW: "no show | noshow | no shows | did not show | did not arrive | dna | missed | absent | "
    "no asistio | no se presento | ausente | nicht erschienen | nichterschienen | absent non excuse | absence | "
    "non presente | nie przyszedl | nieobecnosc | nieobecny | niestawienie sie | неявка | не зявився | не зявилась | "
    "не прийшов | не прийшла | nao compareceu | falta | non presentato | mancata presentazione",
    BookingStatus.PENDING: "pending | requested | request | tentative | awaiting | awaiting confirmation | unconfirmed | "
    "waiting | on hold | hold | waitlist | needs action | pendiente | por confirmar | solicitada | ausstehend | offen | "
    "angefragt | vorlaufig | en attente | a confirmer | oczekujaca | oczekujace | niepotwierdzona | очікує | "
    "очікується | не підтверджено | pendente | in attesa",
    BookingStatus.DECLINED: "declined | rejected | denied | refused | rechazada | rechazado | abgelehnt | refuse | "
    "refusee | odrzucona | відхилено | recusado | rifiutato",
}

_PAYMENT: Final = {
    PaymentStatus.COMPLETED: "completed | complete | paid | succeeded | success | successful | captured | settled | "
    "approved | done | closed | collected | deposited | posted | cleared | ok | payment | sale | pagado | pagada | "
    "completado | completada | bezahlt | abgeschlossen | erfolgreich | paye | payee | reussi | termine | oplacona | "
    "oplacone | zaplacono | zakonczona | zrealizowana | zaksiegowana | оплачено | сплачено | завершено | успішно | "
    "проведено | pago | concluido | pagato | completato | refunded | fully refunded | partially refunded | "
    "partial refund | refund | reembolsado | erstattet | rembourse | zwrocona | zwrot | повернено | rimborsato",
    PaymentStatus.PENDING: "pending | authorized | authorised | processing | in progress | open | unpaid | due | "
    "awaiting payment | requires capture | requires action | incomplete | uncaptured | pendiente | ausstehend | offen | "
    "unbezahlt | en attente | impaye | oczekujaca | w trakcie | nieoplacona | очікує | очікується | в обробці | "
    "не оплачено | pendente | in attesa | non pagato",
    PaymentStatus.FAILED: "failed | failure | declined | refused | error | rejected | blocked | uncollectible | "
    "disputed lost | chargeback | fallido | rechazado | fehlgeschlagen | abgelehnt | echoue | refuse | nieudana | "
    "odrzucona | помилка | відхилено | falhou | recusado | fallito | rifiutato",
    PaymentStatus.CANCELLED: "cancelled | canceled | void | voided | expired | deleted | abandoned | cancelado | "
    "cancelada | anulado | storniert | annule | annulee | anulowana | скасовано | annullato",
}

FULLY_REFUNDED: Final = frozenset(
    plain(word)
    for word in "refunded | fully refunded | reembolsado | erstattet | rembourse | zwrocona | повернено | rimborsato".split("|")
)
"""Payment statuses that say all of it was given back."""

PARTLY_REFUNDED: Final = frozenset({"partially refunded", "partial refund"})
"""Payment statuses that say some of it was given back, but not how much."""

_BOOKING_WORDS = {plain(word): status for status, words in _BOOKING.items() for word in words.split("|")}
_PAYMENT_WORDS = {plain(word): status for status, words in _PAYMENT.items() for word in words.split("|")}

_YES = frozenset(
    plain(w) for w in "yes | y | true | t | 1 | x | ✓ | ✔ | si | ja | oui | tak | так | sim | wahr | vrai".split("|")
) - {""}
_NO = frozenset(plain(w) for w in "no | n | false | f | 0 | nein | non | nie | ні | nao | falsch | faux".split("|"))

_CHANNELS: Final = {
    # Our channels, and what platforms and campaign types are called in exports.
    "paid_social": "facebook | meta | instagram | facebook ads | meta ads | instagram ads | fb | ig | messenger | "
    "audience network | tiktok | tiktok ads | snapchat | pinterest | linkedin | linkedin ads | twitter | x | reddit | "
    "nextdoor | threads | social | paid social",
    "paid_search": "google | google ads | adwords | google adwords | google search | search | bing | bing ads | "
    "microsoft | microsoft ads | microsoft advertising | yahoo | apple search ads | yelp | yelp ads | sem | ppc | cpc | "
    "paid search | search partners | local services ads",
    "display": "display | google display | gdn | demand gen | discovery | display network | programmatic | criteo",
    "paid_video": "video | youtube | youtube ads | paid video",
    "cross_network": "performance max | pmax | cross network | smart",
}
_CHANNEL_WORDS = {plain(word): channel for channel, words in _CHANNELS.items() for word in words.split("|")}
CHANNELS: Final = frozenset({*_CHANNELS, "paid_other"})
"""Channels that spend may be booked to."""

_CAMPAIGN: Final = {
    "active": "active | enabled | eligible | running | live | in process | learning | limited | eligible limited | "
    "activa | activo | aktiv | actif | active | aktywna | aktywny | активна | активний | attiva",
    "paused": "paused | inactive | off | not delivering | pausada | pausiert | en pause | wstrzymana | призупинено",
    "ended": "ended | completed | removed | archived | deleted | finished | finalizada | beendet | termine | "
    "zakonczona | завершено",
}
_CAMPAIGN_WORDS = {plain(word): status for status, words in _CAMPAIGN.items() for word in words.split("|")}


def booking_status(text: str) -> BookingStatus:
    """What the word says of a booking. Unreadable for words nobody taught us."""
    if (status := _BOOKING_WORDS.get(plain(text))) is None:
        raise Unreadable("unknown status; known are confirmed, completed, cancelled, no-show, pending, declined")
    return status


def payment_status(text: str) -> PaymentStatus:
    """What the word says of a payment. Unreadable for words nobody taught us."""
    if (status := _PAYMENT_WORDS.get(plain(text))) is None:
        raise Unreadable("unknown status; known are paid, pending, failed, cancelled, refunded")
    return status


def is_status(text: str) -> bool:
    """Whether the word is a status of anything."""
    word = plain(text)
    return word in _BOOKING_WORDS or word in _PAYMENT_WORDS or word in _CAMPAIGN_WORDS


def flag(text: str) -> bool:
    """Yes or no. Unreadable otherwise."""
    word = plain(text) or text.strip()
    if word in _YES or text.strip() in "✓✔":
        return True
    if word in _NO:
        return False
    raise Unreadable("neither yes nor no")


def channel(text: str) -> str:
    """The channel of a platform or campaign type: `paid_other` for one nobody taught us."""
    word = plain(text)
    if text.strip() in CHANNELS:
        return text.strip()
    if word in _CHANNEL_WORDS:
        return _CHANNEL_WORDS[word]
    known = (c for name, c in _CHANNEL_WORDS.items() if len(name) > 3 and f" {name} " in f" {word} ")
    return next(known, "paid_other")


def campaign_status(text: str) -> str:
    """active, paused or ended; else as written, in lower case."""
    return _CAMPAIGN_WORDS.get(plain(text), plain(text)[:40] or "unknown")
