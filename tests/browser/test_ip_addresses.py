"""The SQL that cleans addresses against Python's ``ipaddress``, on every way of writing and of spoiling one."""

import ipaddress
import re

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from macro_text import results

_GIVEN_TO_PEOPLE = ipaddress.ip_network("2000::/3")
_ALSO_RESERVED = [
    ipaddress.ip_network(network)
    # Blocks of IANA's registries that ``is_global`` of some Python versions lets pass.
    for network in ("192.0.0.0/24", "2001::/23", "2002::/16", "3fff::/20")
]


def public(told: str) -> str | None:
    """The first public address of what a server logged, slowly and plainly."""
    for entry in told.split(","):
        host = entry.strip(" \t\n\f\r")
        if bracketed := re.fullmatch(r"\[(.*)\](:[0-9]{1,5})?", host, re.DOTALL):
            host = bracketed[1]
            if ":" not in host and not re.fullmatch(r"[0-9.]+", host):
                continue
        elif with_port := re.fullmatch(r"([0-9.]+):[0-9]{1,5}", host):
            host = with_port[1]
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            continue
        if isinstance(address, ipaddress.IPv6Address):
            if address.scope_id is not None:
                continue
            address = address.ipv4_mapped or address
        if is_public(address):
            return str(address)
    return None


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _GIVEN_TO_PEOPLE:
        return False
    reserved = any(address.version == network.version and address in network for network in _ALSO_RESERVED)
    return address.is_global and not address.is_multicast and not reserved


_EDGES = [
    bound + step
    for network in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ]
    for bound in (
        int(ipaddress.IPv4Network(network).network_address),
        int(ipaddress.IPv4Network(network).broadcast_address),
    )
    for step in (-1, 0, 1)
    if 0 <= bound + step < 2**32
]
_v4 = st.one_of(st.sampled_from(_EDGES), st.integers(0, 2**32 - 1)).map(
    lambda number: str(ipaddress.IPv4Address(number))
)
_group = st.one_of(
    st.sampled_from(["0", "0", "0", "00", "0000", "1", "2", "db8", "0db8", "1ff", "200", "ffff", "FFFF", "aBc"]),
    st.integers(0, 0xFFFF).map("{:x}".format),
    st.integers(0, 0xFFFF).map("{:04X}".format),
)
_first = st.one_of(
    st.sampled_from(["2001", "2002", "2600", "2a00", "3fff", "3ffe", "fe80", "fc00", "ff02", "64", "0"]), _group
)


@st.composite
def _v6(draw: st.DrawFn) -> str:
    """Groups as somebody wrote them, with `::` and a dotted tail in any place, right or wrong."""
    groups = [draw(_first), *draw(st.lists(_group, min_size=1, max_size=8))]
    if draw(st.booleans()):
        groups = (groups + ["0"] * 8)[:8]
    if draw(st.booleans()):
        start = draw(st.integers(0, len(groups)))
        end = draw(st.integers(start, len(groups)))
        groups = [*groups[:start], "" if start > 0 and end < len(groups) else ":", *groups[end:]]
    text = ":".join(groups).replace(":::", "::")
    return text[: text.rfind(":") + 1] + draw(_v4) if draw(st.integers(0, 5)) == 0 else text


_mapped = st.builds("{}{}".format, st.sampled_from(["::ffff:", "::FFFF:", "0:0:0:0:0:ffff:", "::"]), _v4)
_plain = st.one_of(
    _v4, _v6(), _mapped, st.integers(0, 2**128 - 1).map(lambda number: str(ipaddress.IPv6Address(number)))
)


@st.composite
def _told(draw: st.DrawFn) -> str:
    address = draw(_plain)
    shape = draw(st.sampled_from(["{}", "{}", "{}", "[{}]", "[{}]:443", "{}:8080", " {}\t", "{}%eth0", "{}/64", "{}."]))
    text = shape.format(address)
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", "0", ":", ".", "g", "f", " ", "[", "%"])) + text[at + 1 :]
    return text


# A batch is one query, and the difference between two dictionaries names the address: nothing is gained by shrinking.
_batches = settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])

_lists = st.lists(st.one_of(_told(), st.sampled_from(["unknown", "10.0.0.1", ""])), min_size=1, max_size=3)


@_batches
@given(st.lists(_lists.map(",".join), min_size=50, max_size=200))
def test_sql_and_pythons_ipaddress_agree(told: list[str]) -> None:
    assert dict(zip(told, results("clean_ip_address", [[text] for text in told], "a"), strict=True)) == {
        text: public(text) for text in told
    }


@_batches
@given(st.lists(st.text(), min_size=1, max_size=50))
def test_any_text_at_all_gives_an_address_or_nothing(told: list[str]) -> None:
    cleaned = results("clean_ip_address", [[text] for text in told], "a")
    assert all(address is None or is_public(ipaddress.ip_address(address)) for address in cleaned)
