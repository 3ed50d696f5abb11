"""Browser clicks: click ids, cookies, user agents, addresses and pages, as a tag manager leaves them in a warehouse."""

from typing import Final

import numpy as np
import polars as pl

from waybill.sample import shares
from waybill.sample.dice import Dice
from waybill.sample.timeline import DAY, MOMENT, SECOND, Timeline

_CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 {}Safari/537.36{}"
_SAFARI = "Mozilla/5.0 ({}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{} {}Safari/{}"
USER_AGENTS: Final = (
    _CHROME.format("Windows NT 10.0; Win64; x64", 141, "", ""),
    _CHROME.format("Windows NT 10.0; Win64; x64", 142, "", ""),
    _CHROME.format("Macintosh; Intel Mac OS X 10_15_7", 142, "", ""),
    _CHROME.format("Linux; Android 10; K", 142, "Mobile ", ""),
    _CHROME.format("Linux; Android 10; K", 141, "Mobile ", ""),
    _CHROME.format("Windows NT 10.0; Win64; x64", 142, "", " Edg/142.0.0.0"),
    _SAFARI.format("iPhone; CPU iPhone OS 18_6 like Mac OS X", "18.6", "Mobile/15E148 ", "604.1"),
    _SAFARI.format("iPhone; CPU iPhone OS 26_0 like Mac OS X", "26.0", "Mobile/15E148 ", "604.1"),
    _SAFARI.format("Macintosh; Intel Mac OS X 10_15_7", "18.6", "", "605.1.15"),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
)
_REFERRERS = (
    "https://www.facebook.com/",
    "https://l.facebook.com/l.php",
    "https://www.instagram.com/",
    "https://www.google.com/",
)
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_HEX = "0123456789abcdef"
_ROUTED_V4 = (23, 31, 46, 62, 73, 81, 86, 91, 94, 109, 151, 176, 178, 188, 201, 212)  # first bytes that are all routed
_ROUTED_V6 = ("2600:1700", "2601:282", "2a00:23c7", "2a01:cb08", "2003:e7", "2804:14c", "2400:4050")


def clicks(
    dice: Dice, timeline: Timeline, first_number: int, visits: pl.DataFrame, captured: float = shares.CAPTURED
) -> pl.DataFrame:
    """One click per row of ``visits`` (see there), and an older one for a few of them.

    ``captured`` is the share that carries the event_id which the browser's tag used.
    """
    again = visits.filter(pl.Series(dice.chance(shares.SECOND_CLICK, len(visits)), dtype=pl.Boolean))
    rows = pl.concat([visits.with_columns(is_older=pl.lit(False)), again.with_columns(is_older=pl.lit(True))])
    n = len(rows)
    happened = rows["happened"].cast(pl.Int64).to_numpy()
    before = np.where(rows["is_older"].to_numpy(), (1 + 5 * dice.unit(n)) * DAY, (20 + dice.waiting(900, n)) * SECOND)
    clicked = happened - before.astype(np.int64)
    frame = rows.with_columns(
        click_id=pl.concat_str(pl.lit("K-"), pl.Series(np.arange(first_number, first_number + n)).cast(pl.String)),
        clicked=pl.Series(clicked, dtype=pl.Int64),
        is_captured=pl.Series(dice.chance(captured, n)) & ~rows["is_older"],
        own_id=_uuids(dice, n),
        has_own_id=pl.Series(dice.chance(shares.OWN_EVENT_ID, n)),
        fbc_kind=pl.Series(dice.unit(n)),
        fbclid=pl.concat_str(pl.lit("IwAR"), dice.letters(_BASE64, 57, n)),
        has_fbp=pl.Series(dice.chance(shares.HAS_FBP, n)),
        fbp_random=pl.Series(dice.whole(10**8, 2 * 10**9, n)).cast(pl.String),
        address=_addresses(dice, n),
        agent=dice.pick(USER_AGENTS, n),
        has_agent=pl.Series(dice.chance(shares.HAS_USER_AGENT, n)),
        email_in_url=pl.Series(dice.chance(shares.EMAIL_IN_URL, n)),
        referrer=dice.pick(_REFERRERS, n),
        has_referrer=pl.Series(dice.chance(shares.HAS_REFERRER, n)),
        updated_at=pl.Series(timeline.committed(dice, happened)).cast(MOMENT),
    )
    return frame.select(
        "click_id", "order_id", "lead_id", "subscription_id", _event_id(), *_click_ids(),
        pl.col("clicked").cast(MOMENT).alias("clicked_at"),
        pl.col("address").alias("client_ip_address"),
        pl.when("has_agent").then(pl.col("agent")).alias("client_user_agent"),
        _page().alias("page_url"),
        pl.when("has_referrer").then(pl.col("referrer")).alias("referrer_url"),
        "updated_at",
    )  # fmt: skip


def _event_id() -> pl.Expr:
    """The rule of the documented browser snippet, or an id of the tag manager's own making."""
    either = pl.when("has_own_id").then(pl.col("own_id")).otherwise(pl.col("rule_id"))
    return pl.when("is_captured").then(either).alias("event_id")


def _click_ids() -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """fbc and fbp as the Pixel's cookies write them (fb.1.<ms>.<…>), and the fbclid of the landing page."""
    made = pl.concat_str(pl.lit("fb.1."), (pl.col("clicked") // 1000).cast(pl.String), pl.lit("."))
    has_fbc = pl.col("fbc_kind") < shares.HAS_FBC
    has_fbclid = pl.col("fbc_kind") < shares.HAS_FBC + shares.FBCLID_ONLY
    return (
        pl.when(has_fbc).then(pl.concat_str(made, "fbclid")).alias("fbc"),
        pl.when("has_fbp").then(pl.concat_str(made, "fbp_random")).alias("fbp"),
        pl.when(has_fbclid).then(pl.col("fbclid")).alias("fbclid"),
    )


def _page() -> pl.Expr:
    """The page of the conversion; a few carry an e-mail in the query string, as careless forms do."""
    order = pl.concat_str(
        pl.lit("https://shop.example.com/checkout/thank-you?order="),
        pl.col("order_id").str.replace_all("/", "%2F", literal=True),
    )
    lead = pl.concat_str(pl.lit("https://shop.example.com/contact/sent?form="), "lead_id")
    plan = pl.concat_str(pl.lit("https://shop.example.com/plans/welcome?subscription="), "subscription_id")
    page = pl.coalesce(order, lead, plan)
    return pl.when("email_in_url").then(pl.concat_str(page, pl.lit("&email=jane.doe%40example.com"))).otherwise(page)


def _uuids(dice: Dice, n: int) -> pl.Series:
    text = pl.col("hex").str
    third, fourth = pl.concat_str(pl.lit("4"), text.slice(13, 3)), pl.concat_str(pl.lit("a"), text.slice(17, 3))
    parts = [text.slice(0, 8), text.slice(8, 4), third, fourth, text.slice(20, 12)]
    return dice.letters(_HEX, 32, n).to_frame("hex").select(pl.concat_str(parts, separator="-")).to_series()


def _addresses(dice: Dice, n: int) -> pl.Series:
    """Addresses in space that the internet routes (the ranges for documentation are not, and would be refused)."""
    frame = pl.DataFrame(
        {
            "first": dice.pick(_ROUTED_V4, n).cast(pl.String),
            "second": pl.Series(dice.whole(0, 255, n)).cast(pl.String),
            "third": pl.Series(dice.whole(0, 255, n)).cast(pl.String),
            "fourth": pl.Series(dice.whole(1, 254, n)).cast(pl.String),
            "network": dice.pick(_ROUTED_V6, n),
            "hex": dice.letters(_HEX, 24, n),
            "luck": dice.unit(n),
            "is_v6": dice.chance(shares.ADDRESS_V6, n),
        }
    )
    groups = [pl.concat_str(pl.lit("1"), pl.col("hex").str.slice(4 * group, 3)) for group in range(6)]
    v4 = pl.concat_str("first", "second", "third", "fourth", separator=".")
    return frame.select(
        pl.when(pl.col("luck") < 1 - shares.HAS_ADDRESS).then(None)
        .when(pl.col("luck") > 1 - shares.PRIVATE_ADDRESS).then(pl.concat_str(pl.lit("10.0.0."), "fourth"))
        .when("is_v6").then(pl.concat_str("network", *groups, separator=":"))
        .otherwise(v4)
    ).to_series()  # fmt: skip


def visits(kind: str, ids: pl.Series, prefix: pl.Series | str, happened: pl.Series) -> pl.DataFrame:
    """Visits that ended in a conversion: ``kind`` is the column that names it; the rule makes ``<prefix>_<id>``."""
    names = {name: ids if name == kind else None for name in ("order_id", "lead_id", "subscription_id")}
    return pl.DataFrame(
        {**names, "prefix": prefix, "happened": happened}, schema_overrides=dict.fromkeys(names, pl.String)
    ).select(*names, pl.concat_str("prefix", pl.lit("_"), kind).alias("rule_id"), pl.col("happened").cast(MOMENT))
