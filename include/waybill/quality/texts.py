"""The gate's SQL texts."""

from importlib.resources import files


def sql(name: str) -> str:
    """One of this package's SQL texts."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
