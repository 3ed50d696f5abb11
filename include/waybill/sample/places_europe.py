"""Countries of Europe: the European Union, the United Kingdom, Switzerland and Ukraine."""

from typing import Final

from waybill.sample.country import City, Country, names

EUROPE: Final = (
    Country(
        "GB", 0.11, True, "GBP", 0.8, "{d}/{m}/{y}",
        ("GB", "UK", "United Kingdom", "Great Britain", "U.K.", "England"),
        (
            City("London", None, "Greater London", ("SW1A 1AA", "EC1A 1BB", "n1 9gu")),
            City("Manchester", None, None, ("M1 1AE",)),
            City("St. Andrews", None, "Scotland", ("KY16 9AJ",)),
            City("Stoke-on-Trent", None, None, ("ST1 1LZ",)),
        ),
        names("Olivia, Amelia, Isla, Ava, Siân, Zoë"), names("Oliver, George, Harry, Noah, Alfie"),
        names("Smith, Jones, Taylor, Evans, Patel, Khan, O’Neil, Lloyd–Webber"),
        ("+44 20 7946 0{n}", "020 7946 0{n}", "0044 20 7946 0{n}", "+44 (0)20 7946 0{n}", "0161-496-0{n}",
         "(0113) 496 0{n}"),
    ),
    Country(
        "DE", 0.09, True, "EUR", 0.9, "{d}.{m}.{y}", ("DE", "Deutschland", "Germany", "Deutschland ", "BRD"),
        (
            City("Berlin", None, "Berlin", ("10115", "D-10115")),
            City("München", "BY", "Bayern", ("80331",)),
            City("Köln", "NW", "Nordrhein-Westfalen", ("50667",)),
            City("Frankfurt am Main", "HE", "Hessen", ("60311",)),
        ),
        names("Anna, Jürgen-Maria=juergenmaria, Käthe=kaethe, Sophie"),
        names("Jürgen=juergen, Björn=bjoern, Hans-Peter, Lukas"),
        names("Müller=mueller, Schmidt, Groß=gross, Weiß=weiss, von der Heide"),
        ("+49 30 23125 {n}", "030 23125{n}", "0049 30 23125 {n}", "+49 (0)30 / 23125-{n}", "030/23125{n}"),
    ),
    Country(
        "FR", 0.06, True, "EUR", 0.9, "{d}/{m}/{y}", ("FR", "France", "fr", "FRANCE"),
        (
            City("Paris", None, "Île-de-France", ("75018", "75001")),
            City("Saint-Étienne", None, None, ("42000",)),
            City("L’Haÿ-les-Roses", None, None, ("94240",)),
        ),
        names("Valérie, Zoé, Anne–Marie, Chloé"), names("Valéry, François, Jean-Luc, Noël"),
        names("Lefèvre, D’Estaing, Dupont, Le Gall"),
        ("+33 1 99 00 {m} 12", "01 99 00 {m} 12", "003319900{m}12", "02.61.91.{m}.12", "+33 (0)2 61 91 {m} 12"),
    ),
    Country(
        "IT", 0.04, True, "EUR", 0.9, "{d}/{m}/{y}", ("IT", "Italia", "Italy", "ITALIA"),
        (
            City("Roma", "RM", "Lazio", ("00184",)),
            City("L’Aquila", "AQ", "Abruzzo", ("67100",)),
            City("Milano", "MI", None, ("20121",)),
        ),
        names("Chiara, Nicolò, Giulia"), names("Niccolò, Luca, Andrea"),
        names("Rossi, Dell’Acqua, Bianchi, Di Stefano"),
        ("+39 06 0000 0{n}", "06 00000{n}", "0039 06 00000{n}", "+39 06-0000-0{n}"),
    ),
    Country(
        "ES", 0.04, True, "EUR", 0.9, "{d}/{m}/{y}", ("ES", "España", "Spain", "ESPAÑA"),
        (
            City("Madrid", "M", "Madrid", ("28013",)),
            City("A Coruña", "C", "Galicia", ("15001",)),
            City("Logroño", None, "La Rioja", ("26001",)),
        ),
        names("Begoña, Lucía, María José"), names("Íñigo, Ángel, Pablo"), names("Muñoz, García López, Núñez"),
        ("+34 600 000 {n}", "600 000 {n}", "0034 600000{n}", "600-000-{n}"),
    ),
    Country(
        "NL", 0.025, True, "EUR", 0.9, "{d}-{m}-{y}", ("NL", "Nederland", "Netherlands", "Holland", "The Netherlands"),
        (
            City("’s-Hertogenbosch", None, "Noord-Brabant", ("5211 AB",)),
            City("Amsterdam", None, None, ("1012AB",)),
        ),
        names("Emma, Sanne, Fleur, Zoë"), names("Daan, Sem, Luuk"), names("van den Berg, ’t Hart, de Vries"),
        ("+31 6 1234 5{n}", "06-12345{n}", "0031 6 12345{n}", "+31 (0)6 12345{n}"),
    ),
    Country(
        "CH", 0.008, True, "CHF", 0.9, "{d}.{m}.{y}", ("CH", "Schweiz", "Suisse", "Svizzera", "Switzerland"),
        (
            City("Zürich", "ZH", "Zürich", ("8001", "CH-8001")),
            City("Genève", "GE", "Genève", ("1201",)),
            City("Lugano", "TI", "Ticino", ("6900",)),
        ),
        names("Käthi=kaethi, Océane, Chiara"), names("Urs, Beat, Loïc"), names("Bünzli=buenzli, Favre, Bernasconi"),
        ("+41 78 123 4{n}", "078 123 4{n}", "0041 78 123 4{n}", "+41 (0)78 / 123 4{n}"),
    ),
    Country(
        "AT", 0.008, True, "EUR", 0.9, "{d}.{m}.{y}", ("AT", "Österreich", "Austria", "Oesterreich"),
        (City("Wien", "W", "Wien", ("1010", "A-1010")), City("Sankt Pölten", "NÖ", None, ("3100",))),
        names("Leonie, Käthe=kaethe"), names("Jörg=joerg, Maximilian"), names("Gruber, Höller=hoeller, Weiß=weiss"),
        ("+43 664 123 {n}", "0664 123{n}", "0043 664 123{n}", "+43 (0)664/123 {n}"),
    ),
    Country(
        "IE", 0.008, True, "EUR", 0.9, "{d}/{m}/{y}", ("IE", "Ireland", "Éire", "Republic of Ireland"),
        (City("Dublin", None, "Co. Dublin", ("D02 AF30", "d02af30")), City("Dún Laoghaire", None, None, ("A96 X1Y2",))),
        names("Aoife, Niamh, Gráinne, Siobhán"), names("Seán, Cillian, Pádraig"),
        names("Ó Súilleabháin, Murphy, Ní Dhomhnaill, O’Byrne"),
        ("+353 85 012 3{n}", "085 012 3{n}", "00353 85 012 3{n}", "(085) 012-3{n}"),
    ),
    Country(
        "SE", 0.008, True, "SEK", 10.0, "{y}-{m}-{d}", ("SE", "Sverige", "Sweden", "sverige"),
        (City("Göteborg", None, "Västra Götaland", ("411 03", "41103")), City("Malmö", None, "Skåne", ("211 22",))),
        names("Åsa, Märta, Elsa"), names("Björn, Göran, Nils"), names("Sjöberg, Åkesson, Lindqvist"),
        ("+46 31 390 06 {m}", "031-390 06 {m}", "0046 31 39006{m}", "+46 (0)31-390 06 {m}"),
    ),
    Country(
        "PL", 0.01, True, "PLN", 4.0, "{d}.{m}.{y}", ("PL", "Polska", "Poland", "POLSKA"),
        (
            City("Łódź", None, "łódzkie", ("90-001",)),
            City("Kraków", None, "małopolskie", ("30-001", "30001")),
            City("Warszawa", None, None, ("00-001",)),
        ),
        names("Małgorzata=malgorzata, Żaneta, Agnieszka"), names("Łukasz=lukasz, Paweł=pawel, Grzegorz"),
        names("Wiśniewska, Wójcik, Kowalski, Pawłowski=pawlowski"),
        ("+48 512 345 {n}", "512 345 {n}", "0048 512 345 {n}", "512-345-{n}"),
    ),
    Country(
        "PT", 0.006, True, "EUR", 0.9, "{d}/{m}/{y}", ("PT", "Portugal", "PORTUGAL"),
        (City("Lisboa", None, None, ("1100-148",)), City("Évora", None, "Alentejo", ("7000-501",))),
        names("Inês, Beatriz, Conceição"), names("João, Tomás, Simão"), names("Guimarães, Antunes, dos Santos"),
        ("+351 912 345 {n}", "912 345 {n}", "00351 912 345 {n}"),
    ),
    Country(
        "GR", 0.006, True, "EUR", 0.9, "{d}/{m}/{y}", ("GR", "Ελλάδα", "ΕΛΛΑΔΑ", "Greece", "Hellas"),
        (
            City("Αθήνα", None, "Αττική", ("105 57", "10557")),
            City("ΘΕΣΣΑΛΟΝΙΚΗ", None, None, ("546 24",)),
            City("Ioannina", None, "Epirus", ("452 21",)),
        ),
        names("Ελένη=eleni, Αικατερίνη=aikaterini, Maria"), names("Γιώργος=giorgos, Νίκος=nikos, Andreas"),
        names("Παπαδόπουλος=papadopoulos, Αγγελοπούλου=angelopoulou, Georgiou"),
        ("+30 691 234 5{n}", "691 234 5{n}", "0030 691 2345{n}"),
    ),
    Country(
        "UA", 0.006, False, "UAH", 40.0, "{d}.{m}.{y}", ("UA", "Україна", "Ukraine", "УКРАЇНА"),
        (
            City("Київ", None, None, ("01001",)),
            City("Львів", None, "Львівська область", ("79000",)),
            City("Кам’янець-Подільський", None, "Хмельницька", ("32300",)),
        ),
        names("Олена=olena, Мар’яна=mariana, Їванна=ivanna"), names("Сергій=serhii, Ґедеон=gedeon, Юрій=yurii"),
        names("Шевченко=shevchenko, Лук’яненко=lukianenko, Коваль=koval"),
        ("+380 50 123 4{n}", "050 123 4{n}", "00380 50 123 4{n}", "(050) 123-4{n}"),
    ),
)  # fmt: skip
