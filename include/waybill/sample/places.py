"""Who the shop's people could be: countries with their names, cities and ways to write a telephone number.

Telephone numbers are from ranges kept free for fiction where a country has them (US and CA 555-01xx, GB 07700
900xxx, AU 0491 570xxx, FR 06 39 98, DE 030 23125) and from blocks nobody is given elsewhere. ``{n}`` in a form
stands for three digits, ``{m}`` for two.
"""

from typing import Final, NamedTuple


class City(NamedTuple):
    name: str
    state: str | None
    state_name: str | None
    postal_codes: tuple[str, ...]


class Country(NamedTuple):
    """One country; names are (as written, in ASCII for e-mail addresses)."""

    code: str
    share: float
    asks_consent: bool
    currency: str
    per_dollar: float  # rough, for plausible prices
    spellings: tuple[str, ...]  # the first for most rows
    cities: tuple[City, ...]
    female: tuple[tuple[str, str], ...]
    male: tuple[tuple[str, str], ...]
    last: tuple[tuple[str, str], ...]
    phones: tuple[str, ...]


def _same(text: str) -> tuple[tuple[str, str], ...]:
    """Names that are written in ASCII anyway."""
    return tuple((name, name.lower().rstrip(".")) for name in text.split())


_US_CITIES = (
    City("New York", "NY", "New York", ("10001", "10011-4321", "11201")),
    City("Los Angeles", "CA", "California", ("90012", "90028")),
    City("San Francisco", "CA", "Calif.", ("94103", "94103-1234")),
    City("Austin", "TX", "Texas", ("78701", "787014321")),
    City("Houston", "TX", "texas ", ("77002",)),
    City("Denver", "CO", "Colorado", ("80202",)),
    City("Coeur d’Alene", "ID", "Idaho", ("83814",)),
    City("St. Louis", "MO", "Missouri", ("63101-2200",)),
    City("Hartford", "CT", "Connecticut", ("06103",)),
    City("Miami", "FL", "Florida", ("33130",)),
    City("Portland", "OR", "Oregon", ("97204",)),
    City("Newark", "NJ", "N.J.", ("07102",)),
    City("Washington", "DC", "District of Columbia", ("20001",)),
)
_US_PHONES = (
    "+1 650-555-01{m}", "(650) 555-01{m}", "650.555.01{m}", "+1 (212) 555-01{m}", "1-415-555-01{m}",
    "+1512555 01{m}", "303 555 01{m}", "001 212 555 01{m}", "+1 305 555 01{m}", "(917)555-01{m}",
)  # fmt: skip

COUNTRIES: Final = (
    Country(
        "US", 0.40, False, "USD", 1.0, ("US", "us", "USA", "United States"), _US_CITIES,
        (*_same("Mary Patricia Jennifer Linda Elizabeth Maria Mary-Jane"), ("Renée", "renee"), ("Aaliyah",
         "aaliyah")),
        (*_same("James Robert John Michael David William J. DeShawn"), ("José", "jose")),
        (*_same("Smith Johnson Williams Brown Jones Garcia Miller Davis"), ("O’Brien", "obrien"),
         ("D'Angelo", "dangelo"), ("de la Cruz", "delacruz"), ("Smith Jr.", "smith"), ("Peña", "pena")),
        _US_PHONES,
    ),
    Country(
        "GB", 0.12, True, "GBP", 0.8, ("GB", "UK", "United Kingdom", "Great Britain"),
        (
            City("London", None, "Greater London", ("SW1A 1AA", "EC1A 1BB", "n1 9gu")),
            City("Manchester", None, None, ("M1 1AE",)),
            City("St. Andrews", None, "Scotland", ("KY16 9AJ",)),
            City("Stoke-on-Trent", None, None, ("ST1 1LZ",)),
        ),
        (*_same("Olivia Amelia Isla Ava"), ("Siân", "sian"), ("Zoë", "zoe")),
        _same("Oliver George Harry Noah Alfie"),
        (*_same("Smith Jones Taylor Evans Patel Khan"), ("O’Neil", "oneil"), ("Lloyd–Webber", "lloydwebber")),
        ("+44 7700 900{n}", "07700 900{n}", "0044 7700 900{n}", "+44 (0)7700 900 {n}", "07700-900-{n}"),
    ),
    Country(
        "DE", 0.10, True, "EUR", 0.9, ("DE", "Deutschland", "Germany"),
        (
            City("Berlin", None, "Berlin", ("10115", "D-10115")),
            City("München", "BY", "Bayern", ("80331",)),
            City("Köln", "NW", "Nordrhein-Westfalen", ("50667",)),
            City("Frankfurt am Main", "HE", "Hessen", ("60311",)),
        ),
        (("Anna", "anna"), ("Jürgen-Maria", "juergenmaria"), ("Käthe", "kaethe"), ("Sophie", "sophie")),
        (("Jürgen", "juergen"), ("Björn", "bjoern"), ("Hans-Peter", "hanspeter"), ("Lukas", "lukas")),
        (("Müller", "mueller"), ("Schmidt", "schmidt"), ("Groß", "gross"), ("Weiß", "weiss"),
         ("von der Heide", "heide")),
        ("+49 30 23125 {n}", "030 23125{n}", "0049 30 23125 {n}", "+49 (0)30 / 23125-{n}", "030/23125{n}"),
    ),
    Country(
        "FR", 0.07, True, "EUR", 0.9, ("FR", "France", "fr"),
        (
            City("Paris", None, "Île-de-France", ("75018", "75001")),
            City("Saint-Étienne", None, None, ("42000",)),
            City("L’Haÿ-les-Roses", None, None, ("94240",)),
        ),
        (("Valérie", "valerie"), ("Zoé", "zoe"), ("Anne–Marie", "annemarie"), ("Chloé", "chloe")),
        (("Valéry", "valery"), ("François", "francois"), ("Jean-Luc", "jeanluc"), ("Noël", "noel")),
        (("Lefèvre", "lefevre"), ("D’Estaing", "destaing"), ("Dupont", "dupont"), ("Le Gall", "legall")),
        ("+33 6 39 98 {m} 12", "06 39 98 {m} 12", "003363998{m}12", "06.39.98.{m}.12",
         "+33 (0)6 39 98 {m} 12"),
    ),
    Country(
        "IT", 0.05, True, "EUR", 0.9, ("IT", "Italia", "Italy"),
        (City("Roma", "RM", "Lazio", ("00184",)), City("L’Aquila", "AQ", "Abruzzo", ("67100",)),
         City("Milano", "MI", None, ("20121",))),
        (("Chiara", "chiara"), ("Nicolò", "nicolo"), ("Giulia", "giulia")),
        (("Niccolò", "niccolo"), ("Luca", "luca"), ("Andrea", "andrea")),
        (("Rossi", "rossi"), ("Dell’Acqua", "dellacqua"), ("Bianchi", "bianchi"), ("Di Stefano", "distefano")),
        ("+39 06 0000 0{n}", "06 00000{n}", "0039 06 00000{n}", "+39 06-0000-0{n}"),
    ),
    Country(
        "ES", 0.05, True, "EUR", 0.9, ("ES", "España", "Spain"),
        (City("Madrid", "M", "Madrid", ("28013",)), City("A Coruña", "C", "Galicia", ("15001",)),
         City("Logroño", None, "La Rioja", ("26001",))),
        (("Begoña", "begona"), ("Lucía", "lucia"), ("María José", "mariajose")),
        (("Íñigo", "inigo"), ("Ángel", "angel"), ("Pablo", "pablo")),
        (("Muñoz", "munoz"), ("García López", "garcialopez"), ("Núñez", "nunez")),
        ("+34 600 000 {n}", "600 000 {n}", "0034 600000{n}", "600-000-{n}"),
    ),
    Country(
        "BR", 0.05, False, "BRL", 5.0, ("BR", "Brasil", "Brazil"),
        (City("São Paulo", "SP", "São Paulo", ("01310-100", "01310100")), City("Brasília", "DF", None,
         ("70040-010",))),
        (("Conceição", "conceicao"), ("Antônia", "antonia"), ("Júlia", "julia")),
        (("João", "joao"), ("Antônio", "antonio"), ("Gonçalo", "goncalo")),
        (("da Silva", "dasilva"), ("Araújo", "araujo"), ("Conceição", "conceicao"), ("Sant’Anna", "santanna")),
        ("+55 11 90000-0{n}", "(11) 90000-0{n}", "011 90000 0{n}", "005511900000{n}"),
    ),
    Country(
        "JP", 0.04, False, "JPY", 150.0, ("JP", "日本", "Japan"),
        (City("東京", None, "東京都", ("100-0001", "1000001")), City("大阪市", None, "大阪府", ("530-0001",)),
         City("Kyōto", None, "Kyōto", ("604-8571",))),
        (("花子", "hanako"), ("さくら", "sakura"), ("Yūko", "yuko")),
        (("太郎", "taro"), ("健一", "kenichi"), ("ケン", "ken")),
        (("佐藤", "sato"), ("鈴木", "suzuki"), ("高橋", "takahashi"), ("渡邉", "watanabe")),
        ("+81 90-0000-0{n}", "090-0000-0{n}", "0081 90 0000 0{n}", "09000000{n}"),
    ),
    Country(
        "CA", 0.04, False, "CAD", 1.4, ("CA", "Canada", "ca"),
        (
            City("Toronto", "ON", "Ontario", ("M5H 2N2", "m5h2n2")),
            City("Montréal", "QC", "Québec", ("H2Y 1C6",)),
            City("Vancouver", "BC", "British Columbia", ("V6B 1A1",)),
        ),
        (("Geneviève", "genevieve"), ("Emma", "emma"), ("Hélène", "helene")),
        (("Étienne", "etienne"), ("Liam", "liam"), ("Benoît", "benoit")),
        (("Tremblay", "tremblay"), ("Côté", "cote"), ("MacDonald", "macdonald"), ("O’Connor", "oconnor")),
        ("+1 416-555-01{m}", "(514) 555-01{m}", "604.555.01{m}", "1 416 555 01{m}"),
    ),
    Country(
        "AU", 0.03, False, "AUD", 1.5, ("AU", "Australia", "au"),
        (City("Sydney", "NSW", "New South Wales", ("2000",)), City("Melbourne", "VIC", "Victoria",
         ("3000",)), City("Brisbane", "QLD", None, ("4000",))),
        _same("Charlotte Isla Matilda"), _same("Jack Noah Lachlan"), (*_same("Nguyen Smith Kelly"),
         ("O’Shea", "oshea")),
        ("+61 491 570 {n}", "0491 570 {n}", "0061 491 570{n}", "0491-570-{n}"),
    ),
    Country(
        "NL", 0.03, True, "EUR", 0.9, ("NL", "Nederland", "Netherlands", "Holland"),
        (City("’s-Hertogenbosch", None, "Noord-Brabant", ("5211 AB",)), City("Amsterdam", None, None,
         ("1012AB",))),
        (*_same("Emma Sanne Fleur"), ("Zoë", "zoe")), _same("Daan Sem Luuk"), (("van den Berg",
         "vandenberg"), ("’t Hart", "thart"), ("de Vries", "devries")),
        ("+31 6 0000 0{n}", "06-00000{n}", "0031 6 00000{n}"),
    ),
    Country(
        "KR", 0.02, False, "KRW", 1300.0, ("KR", "대한민국", "South Korea"),
        (City("서울", None, "서울특별시", ("04524",)), City("부산", None, None, ("47545",))),
        (("서연", "seoyeon"), ("지우", "jiwoo")), (("민준", "minjun"), ("정", "jeong")), (("김", "kim"), ("이",
         "lee"), ("박", "park")),
        ("+82 10-0000-0{n}", "010-0000-0{n}", "0082 10 0000 0{n}"),
    ),
)  # fmt: skip

WHOLE_UNIT_CURRENCIES: Final = ("JPY", "KRW")
"""Currencies of this shop without a minor unit."""

JUNK_PHONES: Final = ("n/a", "0000000000", "+", "123", "unknown", "-", "no phone", "+1 999")
PLACEHOLDER_EMAILS: Final = ("n/a", "none", "null", "-", "unknown", "noemail", "")
ODD_GENDERS: Final = ("other", "x", "Mr", "n/a", "")
JUNK_BIRTH_DATES: Final = ("0000-00-00", "1900-13-45", "n/a", "20991231", "2/16/97")
