"""Invented people, services and campaigns. Nobody here exists; numbers are of the range kept for fiction."""

FIRST = (
    "Ada", "Aaron", "Abel", "Alma", "Amir", "Anders", "Ari", "Basil", "Bea", "Boris", "Bruno", "Cal", "Carmen", "Cato",
    "Cleo", "Dario", "Dina", "Dov", "Edda", "Eli", "Emil", "Enzo", "Esra", "Ezra", "Faye", "Felix", "Finn", "Gail",
    "Gus", "Hana", "Hugo", "Ida", "Igor", "Ines", "Ivo", "Jana", "Jonas", "Juno", "Kai", "Karim", "Keira", "Lars",
    "Lea", "Leo", "Lidia", "Luca", "Mads", "Malik", "Mara", "Milo", "Mina", "Nadia", "Nico", "Nils", "Noor", "Olga",
    "Omar", "Otto", "Pablo", "Petra", "Quinn", "Rafi", "Remy", "Rosa", "Ruben", "Sami", "Sara", "Silas", "Sol", "Tariq",
    "Tess", "Theo", "Tomas", "Uma", "Vera", "Viktor", "Wes", "Yara", "Yusuf", "Zane", "Zoe",
)  # fmt: skip
LAST = (
    "Abend", "Alder", "Arkwright", "Barlow", "Bexley", "Birch", "Brannock", "Cardew", "Castell", "Corvin", "Dalby",
    "Delmar", "Dunmore", "Eastlake", "Ellery", "Fairbank", "Farrow", "Fenwick", "Garrick", "Goldwin", "Hadley",
    "Harrow", "Hollis", "Ingram", "Ivers", "Jessop", "Kestrel", "Kimber", "Lockhart", "Lorne", "Marlow", "Merrin",
    "Norwood", "Oakes", "Orsini", "Penrose", "Quill", "Radley", "Renshaw", "Sable", "Sorrel", "Tamsin", "Thorne",
    "Underhill", "Vance", "Verity", "Wexford", "Winslow", "Yarrow", "Zeller",
)  # fmt: skip

LOCATIONS = (
    ("northside", "Northside Barbers", "14 Alder Street"),
    ("harbor", "Northside at the Harbor", "3 Pier Road"),
)

STAFF = (
    ("dana", "Dana Kimber", "northside"), ("marcus", "Marcus Thorne", "northside"),
    ("ines", "Ines Castell", "northside"), ("leo", "Leo Winslow", "harbor"), ("yara", "Yara Fenwick", "harbor"),
)  # fmt: skip

# key, title, minutes, price in cents, how often out of 100
SERVICES = (
    ("cut", "Haircut", 30, 3800, 44),
    ("fade", "Skin fade", 45, 4800, 26),
    ("beard", "Beard trim", 20, 2200, 10),
    ("both", "Cut and beard", 60, 5800, 14),
    ("kids", "Kids' cut", 30, 2800, 4),
    ("shave", "Hot towel shave", 45, 5200, 2),
)

# key, platform id, name, channel, utm source, utm medium, clicks a day, cost a click in cents, part of clicks that book
CAMPAIGNS = (
    ("fade-promo", "7410000001", "Fall fade promo", "google_ads", "google", "cpc", 9.0, 168, 0.085),
    ("brand", "7410000002", "Brand search", "google_ads", "google", "cpc", 4.0, 74, 0.120),
    ("near-me", "7410000003", "Barber near me", "google_ads", "google", "cpc", 6.5, 215, 0.055),
    ("pmax", "7410000004", "Performance Max", "google_ads", "google", "cpc", 8.0, 121, 0.022),
    ("reels", "6120000001", "Reels: before and after", "meta_ads", "instagram", "paid_social", 12.0, 96, 0.040),
    ("retarget", "6120000002", "Retargeting 30 d", "meta_ads", "facebook", "paid_social", 5.0, 88, 0.050),
    ("lookalike", "6120000003", "Lookalike 1 %", "meta_ads", "facebook", "paid_social", 9.0, 104, 0.011),
)

# key, utm source, utm medium, campaign, referrer, people a day, part that books
FREE = (
    ("profile", "google", "organic", "gbp", "https://www.google.com/", 7.0, 0.090),
    ("search", "", "", "", "https://www.google.com/", 5.0, 0.045),
    ("instagram", "", "", "", "https://www.instagram.com/", 3.0, 0.040),
    ("referral", "", "", "", "https://neighbourhood.example.org/best-barbers", 1.2, 0.070),
    ("direct", "", "", "", "", 4.0, 0.060),
)
