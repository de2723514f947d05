"""Words by which people name a place they heard of a business. Data only; `asked` says what follows from them.

Phrases are divided by commas and written as people write them; capitals and accents do not count. A phrase stands for
every word that begins with it, one with a `$` only for itself. Where two begin at the same letter the earlier line
wins. English, Spanish, Polish, Ukrainian (with the Russian words its speakers use) and German.
"""

from __future__ import annotations

from bookingbridge.domains.journeys.channels_data import Kind
from bookingbridge.domains.journeys.vocabulary import Channel

PLACES: tuple[tuple[Kind | Channel, str], ...] = (
    (
        Kind.GOOGLE_PROFILE,
        """google map, google business, google profile, google listing, google review, google rating, gmaps,
        mapa google, mapas google, mapas de google, reseñas de google, mapy google, mapach google, opinie google,
        opinie w google, opiniach google, гугл мап, гугл карт, google мап, google карт, карти гугл, карти google,
        картах гугл, картах google, мапи гугл, мапах гугл, мапи google, мапах google, відгуки гугл, відгуки google,
        google bewertung, google rezension""",
    ),
    (Kind.YOUTUBE, "youtube, you tube, ютуб, ютюб"),
    (Kind.GOOGLE, "google, gogle, goggle$, googl, гугл, ґуґл, вигуглив, нагуглив, gegoogelt, wygooglowa"),
    (Kind.MICROSOFT, "bing$"),
    (
        Kind.META,
        """instagram, insta$, instagra, ig$, facebook, face book, facebok, fb$, whatsapp, threads$, messenger,
        інстаграм, інста$, інсті$, инстаграм, инста$, фейсбук, фб$, ватсап, вотсап""",
    ),
    (Kind.TIKTOK, "tiktok, tik tok, tick tock, тікток, тік ток, тикток, тик ток"),
    (
        Kind.ASSISTANT,
        """chatgpt, chat gpt, gpt$, чат gpt, чатгпт, чат гпт, чат джіпіті, claude ai, claude.ai, gemini, copilot,
        perplexity, ai assistant, ai chat, ai search, an ai$, artificial intelligence, inteligencia artificial,
        sztuczna inteligencja, sztucznej inteligencji, штучн, künstliche intelligenz, ki assistent, ki suche""",
    ),
    (
        Kind.SOCIAL,
        """nextdoor, next door app, pinterest, twitter, x.com, linkedin, reddit, snapchat, telegram, телеграм, viber,
        вайбер, social media, social network, socials$, redes sociales, red social, media społecznościow,
        mediach społecznościow, mediów społecznościow, соцмереж, соціальн, соцсет, социальн, soziale medien,
        sozialen medien, soziale netzwerk, sozialen netzwerk""",
    ),
    (Kind.DIRECTORY, "yelp, tripadvisor, groupon, treatwell, booksy, fresha, vagaro, yellow pages, gelbe seiten"),
    (Kind.DIRECTORY, "páginas amarillas, znany lekarz, znanylekarz, doctolib, zocdoc, styleseat, thumbtack, angi$"),
    (
        Kind.MAIL,
        """e mail, email, newsletter, mailing, boletín, correo electrónico, електронна пошта, електронної пошти, емейл,
        імейл, розсилк, имейл""",
    ),
    (Channel.SMS, "sms, text message, got a text, mensaje de texto, смс, есемес, textnachricht"),
    (
        Channel.REFERRAL,
        """friend, family, relative, cousin, sister, brother, mother, my mom$, mom$, mum$, father, dad$, my son$,
        husband, wife$, daughter, coworker, co worker, colleague, neighbor$, neighbors$, neighbour$, neighbours$,
        word of mouth, recommend, referr, referal, someone told, client of yours,
        amig, familia, hermana, hermano, mi prima, mi primo, mi madre, mi mamá, vecina$, vecino$, compañer, recomend,
        boca a boca, boca en boca, mi marido, mi esposa, mi esposo, conocid,
        znajom, przyjaci, kolega$, kolegi$, koleżank, rodzin, siostr, brat$, brata$, moja mama, od mamy,
        polecen, polecił, polecon, sąsiad, mąż$, męża$, żona$, żony$,
        друзі, друг$, друга$, друзья, подруг, знайом, приятел, родин, родич, сестр, брат$, брата$, мама$, мами$,
        чоловік, дружин, колег, сусід, порадил, порадив, порекоменд, рекоменд, знаком,
        freund, bekannt, verwandt, familie, schwester, bruder, mutter$, kolleg, nachbar$, nachbarin, empfehl, empfohl,
        mundpropaganda, mund zu mund""",
    ),
    (
        Channel.OFFLINE,
        """walked by, walk by, walked in, walk in$, walking, walked past, passing by, passed by, drove by, drove past,
        driving, drive by, storefront, your sign, saw sign, saw a sign, the sign$, a sign$, sign outside, signage,
        window$, flyer, flier, leaflet, poster, billboard, postcard, business card, mailer$, in the mail$, magazine,
        newspaper, radio, tv$, television, event$, market$, trade show, expo$, wedding fair, live nearby, live near,
        live close, live around, neighborhood, neighbourhood, in the area$, coupon, voucher, gift card,
        pasaba por, pasé por, pasar por, paseando, caminando, escaparate, letrero, cartel, folleto, volante, revista,
        periódico, tarjeta, evento, feria$, vivo cerca, del barrio, en el barrio, cupón,
        przechodz, mijał, szyld, witryn, ulotk, plakat, wizytówk, gazet, czasopis, telewizj, targi$, targach,
        wydarzen, mieszkam, okolic, kupon,
        проходив, проходил, повз, мимо, вивіск, вітрин, листівк, флаєр, плакат, візитк, газет, журнал, радіо, телебач,
        ярмарок, ярмарк, живу поруч, живу поряд, живу близько, живу неподалік, в районі, купон,
        vorbeigeh, vorbeigelauf, vorbeigegang, vorbeigefahr, vorbeigekomm, schaufenster, schild$, flugblatt, flyer,
        visitenkarte, zeitung, zeitschrift, fernseh, messe$, veranstaltung, nachbarschaft, gutschein, in der nähe""",
    ),
    (
        Channel.DIRECT,
        """returning, existing client, existing customer, current client, been here before, been before,
        already a client, regular client, regular customer, repeat client, repeat customer,
        ya soy client, soy client, stała klient, stały klient, jestem klient, byłam, byłem, вже був, вже ходж,
        постійн, stammkund, bereits kund, schon kund, war schon""",
    ),
    (
        Kind.SEARCH,
        """search engine, online search, web search, internet search, searched online, searching online, duckduckgo,
        yahoo, apple maps, buscador, wyszukiwark, пошук, поисковик, suchmaschine""",
    ),
)

ADS = """ad$, ads$, advert, sponsored, promoted, commercial$, anuncio, publicidad, reklam, реклам, werbung, anzeige,
werbeanzeige, google werbung, facebookwerbung, instagramwerbung, googlewerbung"""
