"""What a file holds and which column means what: guessed, wished, refused."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.vendors.files.given import SHOP, load, mapped

from bookingbridge.canonical.errors import Refused
from bookingbridge.vendors import files
from bookingbridge.vendors.files import SURE_ENOUGH, Wishes, guess, kinds, read_table, wishes_from
from bookingbridge.vendors.files.vocabulary import SURE, WEAK, plain, plain_heading

# Headings as well-known tools and shops of several countries write them; the rows are invented.
EXPORTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "scheduler with first and last names": (
        ("Start Time,End Time,First Name,Last Name,Phone,Email,Type,Calendar,Appointment Price,Paid?,Date Scheduled,"
        "Appointment ID\n"
        '"March 14, 2026 2:30 pm","March 14, 2026 3:15 pm",Ann,Lee,+12065550123,ann@example.com,Fade,Leo,45.00,no,'
        "2026-03-10,99\n"),
        "bookings",
        {"id": "Appointment ID", "starts_at": "Start Time", "ends_at": "End Time", "booked_at": "Date Scheduled",
         "first_name": "First Name", "staff": "Calendar", "service": "Type", "price": "Appointment Price"},
    ),
    "scheduler with campaign tags": (
        ("User Name,User Email,Invitee Name,Invitee Email,Invitee Time Zone,Text Reminder Number,Event Type Name,"
        "Start Date & Time,End Date & Time,Event Created Date & Time,Canceled,UTM Campaign,UTM Source,UTM Medium,"
        "Event Price,Payment Currency,Event UUID,Marked as No-Show\n"
        "Leo,leo@example.com,Ann Lee,ann@example.com,Eastern Time,+12065550123,Cut,2026-03-14 02:30 PM,"
        "2026-03-14 03:00 PM,2026-03-10 09:00 AM,false,fall,facebook,paid_social,45.00,USD,u-1,No\n"),
        "bookings",
        {"id": "Event UUID", "client_email": "Invitee Email", "booked_at": "Event Created Date & Time",
         "is_cancelled": "Canceled", "is_no_show": "Marked as No-Show", "utm_source": "UTM Source",
         "client_phone": "Text Reminder Number", "currency": "Payment Currency"},
    ),
    "salon report": (
        ("Ref #,Client,Service,Created date,Scheduled date,Duration,Location,Team member,Price,Status\n"
        '#A1,Ann Lee,Cut,10 Mar 2026,"14 Mar 2026, 14:30",45min,Main,Leo,45,Completed\n'),
        "bookings",
        {"id": "Ref #", "starts_at": "Scheduled date", "booked_at": "Created date", "staff": "Team member"},
    ),
    "date and times in columns of their own": (
        ("Appointment Date,Start Time,End Time,Customer,Customer Phone,Service,Employee,Appt. Status,Price,Created "
        "Date\n"
        "03/14/2026,2:30 PM,3:15 PM,Ann Lee,(206) 555-0123,Cut,Leo,Show,$45.00,03/10/2026\n"),
        "bookings",
        {"starts_at": "Appointment Date", "start_time": "Start Time", "end_time": "End Time", "status": "Appt. Status"},
    ),
    "Polish": (
        ("Numer rezerwacji;Data wizyty;Godzina;Czas trwania;Klient;Telefon;Usługa;Pracownik;Cena;Data utworzenia\n"
        "1;14.03.2026;14:30;45;Anna Kowal;+48 512 345 678;Strzyżenie;Ola;120,50 zł;10.03.2026\n"),
        "bookings",
        {"starts_at": "Data wizyty", "start_time": "Godzina", "service": "Usługa", "booked_at": "Data utworzenia"},
    ),
    "Ukrainian": (
        ("Дата;Час;Клієнт;Телефон;Послуга;Майстер;Ціна;Статус\n"
        "14.03.2026;14:30;Олена;+380 67 123 4567;Стрижка;Іван;450 грн;завершено\n"),
        "bookings",
        {"starts_at": "Дата", "start_time": "Час", "client_name": "Клієнт", "staff": "Майстер", "price": "Ціна"},
    ),
    "German": (
        ("Datum;Uhrzeit;Dauer;Kunde;E-Mail;Handy;Leistung;Mitarbeiter;Preis;Status\n"
        "14.03.2026;14:30;45;Anna;a@example.com;+49 151 12345678;Schnitt;Eva;45,00 €;abgeschlossen\n"),
        "bookings",
        {"client_phone": "Handy", "service": "Leistung", "staff": "Mitarbeiter", "duration": "Dauer"},
    ),
    "Spanish": (
        ("Fecha,Hora Inicio,Hora Fin,Estado,Precio,Empleado,Cliente,Teléfono,Servicios\n"
        "2026-03-14,14:30,15:00,completada,25,Luis,Ana,+34 612 345 678,Corte\n"),
        "bookings",
        {"starts_at": "Fecha", "start_time": "Hora Inicio", "end_time": "Hora Fin", "client_phone": "Teléfono"},
    ),
    "customer directory of a till": (
        ("Reference ID,First Name,Last Name,Email Address,Phone Number,Birthday,Square Customer ID,First Visit\n"
        ",Ann,Lee,ann@example.com,+12065550123,,CUST1,2026-01-02\n"),
        "clients",
        {"id": "Square Customer ID", "email": "Email Address", "created_at": "First Visit"},
    ),
    "transactions of a till": (
        ("Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Tip,Partial Refunds,Total Collected,Card,Cash,"
        "Transaction ID,Payment ID,Card Brand,Staff Name,Description,Event Type,Location,Customer ID,Customer Name\n"
        "03/14/26,15:32:01,Pacific Time (US & Canada),$45.00,$0.00,$45.00,$4.50,$9.00,$0.00,$58.50,$58.50,$0.00,TX1,P1,"
        "Visa,Leo,Fade,Payment,Main St,C1,Ann Lee\n"),
        "payments",
        {"id": "Payment ID", "paid_at": "Date", "paid_time": "Time", "total": "Total Collected", "tip": "Tip",
         "refunded": "Partial Refunds", "client_id": "Customer ID", "time_zone": "Time Zone"},
    ),
    "charges of a card processor": (
        ("id,Created date (UTC),Amount,Amount Refunded,Currency,Description,Fee,Status,Customer ID,Customer Email\n"
        "ch_1,2026-03-14 22:31:09,45.00,0.00,usd,Fade,1.61,Paid,cus_1,ann@example.com\n"),
        "payments",
        {"paid_at": "Created date (UTC)", "refunded": "Amount Refunded", "client_email": "Customer Email"},
    ),
    "social ads": (
        ("Reporting starts,Reporting ends,Campaign name,Campaign delivery,Results,Impressions,Link clicks,Clicks (all),"
        "Amount spent (USD)\n2026-03-14,2026-03-14,Fall Fades,active,3,1200,20,31,12.34\n"),
        "ad_spend",
        {"day": "Reporting starts", "day_end": "Reporting ends", "spend": "Amount spent (USD)",
         "clicks": "Clicks (all)"},
    ),
    "search ads": (
        ("Campaign state,Campaign,Campaign type,Day,Currency code,Clicks,Impr.,CTR,Avg. CPC,Cost\n"
        'Enabled,Brand,Search,2026-03-01,USD,12,"1,234",1%,0.5,6.10\n'),
        "ad_spend",
        {"impressions": "Impr.", "platform": "Campaign type", "spend": "Cost", "currency": "Currency code"},
    ),
    "web analytics": (
        ("Date,Session source,Session medium,Session campaign,Session default channel group,Landing page\n"
        "20260314,google,cpc,brand,Paid Search,/book\n"),
        "touchpoints",
        {"at": "Date", "source": "Session source", "channel": "Session default channel group", "url": "Landing page"},
    ),
    "event log": (
        ("timestamp,event,visitorId,email,utm_source,utm_medium,utm_campaign,landing_page,referrer,gclid\n"
        "2026-03-14T10:00:00Z,page_view,v1,,facebook,paid_social,fall,https://shop.example/,,\n"),
        "touchpoints",
        {"at": "timestamp", "kind": "event", "person": "visitorId", "gclid": "gclid"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_understood_by_its_headings(name: str) -> None:
    text, kind, columns = EXPORTS[name]
    mapping = mapped(text)
    assert mapping.kind == kind
    assert mapping.kind_sureness >= 0.6
    assert mapping.missing == ()
    assert {field: mapping.columns.get(field) for field in columns} == columns
    currency = {"Polish": "PLN", "Ukrainian": "UAH", "German": "EUR"}.get(name, "USD")
    assert load(text, options=replace(SHOP, currency=currency)).problems == []


def test_every_column_is_used_once_or_ignored() -> None:
    for text, _, _ in EXPORTS.values():
        table = read_table(text.encode(), "export.csv")
        mapping = guess(table)
        used = list(mapping.columns.values())
        assert len(used) == len(set(used))
        assert sorted([*used, *mapping.ignored]) == sorted(table.columns)


def test_contents_decide_between_fields_that_share_a_heading() -> None:
    times = mapped("Date,Start,Client,Service\n2026-03-14,14:30,Ann,Cut\n")
    assert (times.columns["starts_at"], times.columns["start_time"]) == ("Date", "Start")
    stamps = mapped("Created,Start,Client,Service\n2026-03-10,2026-03-14 14:30,Ann,Cut\n")
    assert (stamps.columns["booked_at"], stamps.columns["starts_at"]) == ("Created", "Start")


def test_an_unknown_heading_over_addresses_is_the_email_and_less_sure() -> None:
    mapping = mapped("Start,Contact,Service\n2026-03-14 14:30,ann@example.com,Cut\n")
    assert mapping.columns["client_email"] == "Contact"
    assert mapping.sureness["client_email"] == WEAK < SURE


def test_a_question_that_holds_a_known_one_is_understood() -> None:
    mapping = mapped("Start,Service,Question 3: How did you hear about us?\n2026-03-14 14:30,Cut,Google\n")
    assert mapping.columns["heard_from"] == "Question 3: How did you hear about us?"


def test_wishes_come_first_and_free_their_columns() -> None:
    text = b"Start,Finish by,Who,Client\n2026-03-14 14:30,2026-03-14 15:00,Leo,Ann\n"
    wishes = Wishes(kind="bookings").with_pairs(["staff=who", "ends_at=Finish by", "client_name="])
    mapping = guess(read_table(text, "a.csv"), wishes)
    assert mapping.columns == {"starts_at": "Start", "ends_at": "Finish by", "staff": "Who"}
    assert mapping.ignored == ("Client",)
    assert mapping.kind_sureness == 1.0


def test_without_guesses_only_what_is_named_is_read() -> None:
    table = read_table(b"Start,Client,Email\n2026-03-14 14:30,Ann,ann@example.com\n", "a.csv")
    mapping = guess(table, Wishes(kind="bookings", columns={"starts_at": "Start"}, guesses=False))
    assert mapping.columns == {"starts_at": "Start"}


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        (Wishes(kind="parrots"), "there is no kind 'parrots'; there are bookings, clients"),
        (
            Wishes(kind="bookings", columns={"wings": "Start"}),
            "Bookings have no field 'wings'; there are id, starts_at",
        ),
        (
            Wishes(kind="bookings", columns={"staff": "Barber"}),
            "there is no column 'Barber'; the file has Start, Client",
        ),
    ],
)
def test_a_wish_for_what_is_not_there_is_refused_with_what_is(wishes: Wishes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        guess(read_table(b"Start,Client\n2026-03-14 14:30,Ann\n", "a.csv"), wishes)


def test_a_pair_that_is_none_is_refused() -> None:
    with pytest.raises(Refused, match="not of the form field=column"):
        Wishes().with_pairs(["staff"])


def test_customers_are_clients() -> None:
    table = read_table(b"Name,Email\nAnn,ann@example.com\n", "a.csv")
    assert guess(table, Wishes(kind="customers")).kind == "clients"


def test_what_no_column_gives_is_asked_for() -> None:
    loaded = load("Client,Service\nAnn,Cut\n", kind="bookings")
    assert loaded.records == []
    assert [p.line for p in loaded.problems] == [0]
    assert loaded.problems[0].why.startswith("no column gives starts_at (when the visit begins")
    assert "--map starts_at=COLUMN" in loaded.problems[0].why


def test_a_file_that_could_be_two_kinds_asks_for_the_kind() -> None:
    with pytest.raises(Refused, match=r"say --kind \(the likeliest is"):
        load("a,b,c\n1,2,3\n")


def test_a_files_name_tells_a_little() -> None:
    text = b"Date,Amount,Client\n2026-03-14 10:00,45.00,Ann\n"
    plainly, named = guess(read_table(text, "x.csv")), guess(read_table(text, "payments.csv"))
    assert named.kind == "payments"
    assert named.kind_sureness > SURE_ENOUGH
    assert named.kind_sureness > (plainly.kind_sureness if plainly.kind == "payments" else 0)


def test_a_mapping_file_says_kind_columns_and_options(tmp_path: Path) -> None:
    toml, json = tmp_path / "shop.toml", tmp_path / "shop.json"
    toml.write_text('kind = "bookings"\n[columns]\nstaff = "Who"\n[options]\ndates = "dmy"\nvisit_minutes = 45\n')
    json.write_text(
        '{"kind": "bookings", "columns": {"staff": "Who"}, "options": {"dates": "dmy", "visit_minutes": 45}}'
    )
    for path in (toml, json):
        wishes = wishes_from(path)
        assert (wishes.kind, dict(wishes.columns), wishes.guesses) == ("bookings", {"staff": "Who"}, True)
        loaded = files.load(b"Start,Who\n03/04/2026 10:00,Leo\n", wishes, SHOP, name="a.csv")
        [booking] = [r for r in loaded.records if r.kind == "booking"]
        assert files.describe(booking, SHOP.time_zone) == (
            "booking 2026-04-03 10:00, 45 min, confirmed, booked 2026-04-03 10:00"
        )


@pytest.mark.parametrize(
    "text", ["kind = 5", "[columns]\nx = [1]", "colums = 1", "not toml", "guess = 'no'", "[columns]\n[columns]", "\x00"]
)
def test_a_mapping_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(text)
    with pytest.raises(Refused, match=r"mapping file shop\.toml"):
        wishes_from(path)
    with pytest.raises(Refused):
        wishes_from(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dates", "dym"), ("decimal", "·"), ("currency", "dollars"), ("time_zone", "Mars/Olympus"), ("region", "USA"),
        ("visit_minutes", "0"), ("visit_minutes", "long"), ("channel", "skywriting"), ("window", "2026-02-01"),
        ("window", "2026-02-01..2026-01-01"), ("colour", "red"),
    ],
)  # fmt: skip
def test_an_option_that_is_none_is_refused_by_its_name(name: str, text: str) -> None:
    with pytest.raises(Refused, match=f"option {name}:"):
        files.with_texts(SHOP, {name: text})


def test_options_are_read_from_texts() -> None:
    texts = {
        "dates": "MDY", "decimal": ",", "currency": "eur", "time_zone": "Europe/Kyiv", "region": "ua", "sheet": "May",
        "visit_minutes": "45", "channel": "meta_ads", "window": "2026-01-01..2026-02-01", "encoding": "cp1251",
    }  # fmt: skip
    options = files.with_texts(SHOP, texts)
    assert (options.dates, options.decimal, options.currency) == (files.DateOrder.MDY, ",", "EUR")
    assert (options.time_zone.key, options.region, options.visit_minutes) == ("Europe/Kyiv", "UA", 45)
    assert (options.channel, options.sheet, options.encoding) == ("meta_ads", "May", "cp1251")
    assert [str(day) for day in options.window or ()] == ["2026-01-01", "2026-02-01"]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("startDate", "start date"), ("START_DATE:", "start date"), ("Début", "debut"), ("Usługa", "usluga"), ("№", "no")],
)
def test_headings_are_compared_without_case_accents_and_marks(heading: str, expected: str) -> None:
    assert plain_heading(heading) == expected


def test_no_word_has_two_meanings() -> None:
    text = Path(files.__file__).with_name("words.toml").read_text(encoding="utf-8")
    for name, meanings in tomllib.loads(text).items():
        said = [plain(word) for words in meanings.values() for word in words.split("|")]
        assert sorted(word for word in set(said) if said.count(word) > 1) == [], name


def test_no_heading_means_two_fields_of_one_kind_equally_surely_unless_contents_tell_them_apart() -> None:
    for kind in kinds().values():
        owners: dict[str, list[str]] = {}
        for field in kind.fields.values():
            for heading, sureness in field.headings.items():
                if sureness > WEAK:
                    owners.setdefault(heading, []).append(field.name)
        doubled = {heading: names for heading, names in owners.items() if len(names) > 1}
        for heading, names in doubled.items():
            looks = {kind.fields[name].looks for name in names}
            assert len(looks) == len(names), f"{kind.name}: {heading!r} means {names}"
