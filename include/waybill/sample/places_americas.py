"""Countries of the Americas."""

from typing import Final

from waybill.sample.country import City, Country, names

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
    "+1512555 01{m}", "303 555 01{m}", "011 1 212 555 01{m}", "+1 305 555 01{m}", "(917)555-01{m}",
)  # fmt: skip

AMERICAS: Final = (
    Country(
        "US", 0.36, False, "USD", 1.0, "{m}/{d}/{y}",
        ("US", "us", "USA", "United States", "U.S.A.", "Estados Unidos"),
        _US_CITIES,
        names("Mary, Patricia, Jennifer, Linda, Elizabeth, Maria, Mary-Jane, Renée, Aaliyah"),
        names("James, Robert, John, Michael, David, William, J., DeShawn, José"),
        names("Smith, Johnson, Williams, Brown, Jones, Garcia, Miller, Davis, O’Brien, D'Angelo, de la Cruz, Smith Jr.,"
              " Peña"),
        _US_PHONES,
    ),
    Country(
        "CA", 0.035, False, "CAD", 1.4, "{m}/{d}/{y}", ("CA", "Canada", "ca", "CAN"),
        (
            City("Toronto", "ON", "Ontario", ("M5H 2N2", "m5h2n2")),
            City("Montréal", "QC", "Québec", ("H2Y 1C6",)),
            City("Vancouver", "BC", "British Columbia", ("V6B 1A1",)),
        ),
        names("Geneviève, Emma, Hélène"), names("Étienne, Liam, Benoît"),
        names("Tremblay, Côté, MacDonald, O’Connor"),
        ("+1 416-555-01{m}", "(514) 555-01{m}", "604.555.01{m}", "1 416 555 01{m}"),
    ),
    Country(
        "BR", 0.04, False, "BRL", 5.0, "{d}/{m}/{y}", ("BR", "Brasil", "Brazil", "brasil ", "Brésil"),
        (
            City("São Paulo", "SP", "São Paulo", ("01310-100", "01310100")),
            City("Brasília", "DF", None, ("70040-010",)),
            City("Maceió", "AL", "Alagoas", ("57020-000",)),
        ),
        names("Conceição, Antônia, Júlia"), names("João, Antônio, Gonçalo"),
        names("da Silva, Araújo, Conceição, Sant’Anna"),
        ("+55 11 90000-0{n}", "(11) 90000-0{n}", "011 90000 0{n}", "+5511900000{n}"),
    ),
    Country(
        "MX", 0.015, False, "MXN", 18.0, "{d}/{m}/{y}", ("MX", "México", "Mexico", "MEX"),
        (
            City("Ciudad de México", "CMX", "CDMX", ("06000", "03100")),
            City("Puebla", "PUE", "Puebla", ("72000",)),
            City("Mérida", "YUC", "Yucatán", ("97000",)),
        ),
        names("Guadalupe, Ximena, María Fernanda, Itzel"), names("José Luis, Jesús, Ángel, Cuauhtémoc"),
        names("Hernández, Ramírez Ortiz, Nuñez, López de la O"),
        ("+52 222 123 4{n}", "222 123 4{n}", "(222) 123-4{n}", "52-222-123-4{n}"),
    ),
    Country(
        "AR", 0.008, False, "ARS", 1000.0, "{d}/{m}/{y}", ("AR", "Argentina", "ARG"),
        (
            City("Buenos Aires", "C", "Ciudad Autónoma de Buenos Aires", ("C1002AAP", "1002")),
            City("San Miguel de Tucumán", "T", "Tucumán", ("T4000",)),
        ),
        names("Martina, Inés, Milagros"), names("Joaquín, Tomás, Facundo"),
        names("Fernández, Güiraldes, Pérez, Di Paolo"),
        ("+54 9 11 2345-6{n}", "011 15-2345-6{n}", "011 2345-6{n}", "+54 (11) 2345 6{n}"),
    ),
)  # fmt: skip
