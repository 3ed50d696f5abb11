"""Words that the sample uses, and what they mean: the reference's own lists, not the product's seeds."""

NEEDS_CONSENT = {"GB", "DE", "FR", "IT", "ES", "NL", "PL", "SE", "CH", "AT", "IE", "BE", "PT", "DK", "NO", "FI", "GR"}
SPELLINGS = {
    "UK": "GB", "UNITED KINGDOM": "GB", "GREAT BRITAIN": "GB", "DEUTSCHLAND": "DE", "GERMANY": "DE", "FRANCE": "FR",
    "ITALIA": "IT", "ITALY": "IT", "ESPAÑA": "ES", "SPAIN": "ES", "USA": "US", "UNITED STATES": "US", "BRASIL": "BR",
    "BRAZIL": "BR", "JAPAN": "JP", "日本": "JP", "CANADA": "CA", "AUSTRALIA": "AU", "MÉXICO": "MX", "MEXICO": "MX",
    "KOREA": "KR", "SOUTH KOREA": "KR", "대한민국": "KR", "INDIA": "IN", "NEDERLAND": "NL", "NETHERLANDS": "NL",
    "HOLLAND": "NL", "THE NETHERLANDS": "NL", "U.K.": "GB", "ENGLAND": "GB", "BRD": "DE", "U.S.A.": "US",
    "ESTADOS UNIDOS": "US", "CAN": "CA", "AUS": "AU", "BRÉSIL": "BR", "MEX": "MX", "ARGENTINA": "AR", "ARG": "AR",
    "SCHWEIZ": "CH", "SUISSE": "CH", "SVIZZERA": "CH", "SWITZERLAND": "CH", "ÖSTERREICH": "AT", "OESTERREICH": "AT",
    "AUSTRIA": "AT", "IRELAND": "IE", "ÉIRE": "IE", "REPUBLIC OF IRELAND": "IE", "SVERIGE": "SE", "SWEDEN": "SE",
    "POLSKA": "PL", "POLAND": "PL", "PORTUGAL": "PT", "ΕΛΛΆΔΑ": "GR", "ΕΛΛΑΔΑ": "GR", "GREECE": "GR", "HELLAS": "GR",
    "УКРАЇНА": "UA", "UKRAINE": "UA", "한국": "KR", "भारत": "IN", "TÜRKIYE": "TR", "TÜRKİYE": "TR", "TURKEY": "TR",
    "السعودية": "SA", "المملكة العربية السعودية": "SA", "SAUDI ARABIA": "SA", "KSA": "SA", "SOUTH AFRICA": "ZA",
}  # fmt: skip
LDU_STATES = {
    "CA": "CALIFORNIA", "CO": "COLORADO", "CT": "CONNECTICUT", "FL": "FLORIDA", "OR": "OREGON", "TX": "TEXAS",
    "MT": "MONTANA", "DE": "DELAWARE", "NE": "NEBRASKA", "NH": "NEW HAMPSHIRE", "NJ": "NEW JERSEY", "MN": "MINNESOTA",
    "MD": "MARYLAND", "RI": "RHODE ISLAND",
}  # fmt: skip
"""Where Meta takes Limited Data Use: who objected there is sent with it, and withheld elsewhere."""
KNOWN_CURRENCIES = {
    "USD", "EUR", "GBP", "BRL", "JPY", "CAD", "AUD", "MXN", "KRW", "INR", "CHF", "PLN", "SEK", "ARS", "TRY", "SAR",
    "ZAR", "UAH",
}  # fmt: skip
PLACEHOLDERS = {
    "", "n/a", "none", "null", "unknown", "anonymous", "xxx", "unbekannt", "k.a.", "inconnu", "sindatos", "desconocido",
    "nãoinformado", "sconosciuto", "onbekend", "okänd", "nieznany", "bilinmiyor", "невідомо", "άγνωστο", "غيرمعروف",
    "अज्ञात", "不明", "なし", "없음",
}  # fmt: skip
