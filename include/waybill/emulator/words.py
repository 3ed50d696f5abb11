"""Writes the tables of names that the platform's rules consist of."""


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())
