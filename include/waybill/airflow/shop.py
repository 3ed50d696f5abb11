"""The made-up shop of a local run: made the first time, and gone on a little each time after."""

from waybill.home import Home
from waybill.settings import load_settings

_ORDERS, _LEADS, _SEED = 5_000, 1_500, 7


def next_step(home: Home) -> str:
    """What ``advance`` will do, for a person."""
    if home.facts().is_sample:
        return "Let the shop go on a little: new orders and leads, changes of old ones"
    return f"Make a shop with {_ORDERS:,} orders and {_LEADS:,} leads"


def advance(home: Home) -> dict[str, int | float]:
    """Makes the shop of this home, or adds its next slice of new and updated rows; returns the rows it wrote."""
    from waybill.sample import make

    settings = load_settings({"WAYBILL_HOME": str(home.root)})
    if home.facts().is_sample:
        return make(settings, later=True, orders=round(_ORDERS * 0.05), leads=round(_LEADS * 0.05), seed=_SEED).counts()
    return make(settings, orders=_ORDERS, leads=_LEADS, seed=_SEED).counts()
