"""Rules about ``user_data``: the shape of each identifier, and the combinations that are too broad to match.

Meta, "Customer information parameters": hashed keys are lower-case hexadecimal SHA-256, optionally with the Parameter
Builder's appendix; a key that is never hashed has a shape of its own. A null, an empty text or an empty list
identifies nobody and does not count.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from waybill.emulator.answers import BAD_LEAD_ID, INVALID, TOO_FEW_IDENTIFIERS, Refused
from waybill.emulator.words import words

Note = Callable[[str], None]
"""Takes the name of a warning: something that Meta accepts but advises against."""

HASHED: Final = words("em ph fn ln ge db ct st zp country f5first f5last fi dobd dobm doby")
_TEXTS: Final = words("client_user_agent subscription_id madid anon_id ctwa_clid partner_id partner_name")
_IDS: Final = words("page_id page_scoped_user_id ig_account_id ig_sid whatsapp_business_account_id")
_TOO_BROAD: Final = (
    words("ct country st zp ge client_user_agent"),
    words("db client_user_agent"),
    words("fn ge"),
    words("ln ge"),
)
_APPENDIX = r"(?:\.[A-Za-z0-9_-]{8}|\.[A-Za-z]{2})?"
_is_hash = re.compile(r"[a-f0-9]{64}" + _APPENDIX).fullmatch
_is_fbc = re.compile(r"fb\.[0-9]\.[0-9]{13}\.[^\s.]+" + _APPENDIX).fullmatch
_is_fbp = re.compile(r"fb\.[0-9]\.[0-9]{13}\.[A-Za-z0-9_-]+" + _APPENDIX).fullmatch
_HASHES_OF_NOTHING: Final = frozenset(
    sha256(text.encode()).hexdigest() for text in ("", "null", "none", "nan", "undefined", "unknown", "n/a", "na", "-")
)
_is_lead_id = re.compile(r"[0-9]{15,17}").fullmatch
_is_digits = re.compile(r"[0-9]+").fullmatch

# Nobody is reached under these, but made-up data uses them (RFC 5737, RFC 3849, RFC 9637), so they pass as public.
_DOCUMENTATION: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
)


def check_user_data(event: Mapping[str, Any], note: Note) -> frozenset[str]:
    """The keys of the identifiers that an event carries; refused when one is malformed or they are too broad."""
    user = event.get("user_data")
    if user is None:
        raise Refused("user_data_missing", TOO_FEW_IDENTIFIERS)
    if not isinstance(user, dict):
        raise Refused("user_data_type", INVALID)
    present = frozenset(key for key, value in user.items() if _identifies(key, value, note))
    if any(present <= broad for broad in _TOO_BROAD):
        raise Refused("identity_too_broad", TOO_FEW_IDENTIFIERS)
    return present


def _identifies(key: str, value: Any, note: Note) -> bool:
    """Whether this key carries a well-formed identifier; unknown and empty ones are noted and do not."""
    if value is None or value == "" or value == []:
        note(f"empty:user_data.{key}")
        return False
    if key in HASHED:
        _check_hashes(value, note)
    elif key == "external_id":
        _check_external_ids(value, note)
    elif key in _CHECKS:
        _CHECKS[key](value)
    elif key in _TEXTS:
        _check_text(value)
    elif key in _IDS:
        _check_id(value)
    else:
        note(f"unknown:user_data.{key}")
        return False
    return True


def _check_hashes(value: Any, note: Note) -> None:
    for one in value if isinstance(value, list) else (value,):
        if not isinstance(one, str) or not _is_hash(one):
            raise Refused("hash_shape", INVALID)
        if one[:64] in _HASHES_OF_NOTHING:
            note("hash_of_nothing")


def _check_external_ids(value: Any, note: Note) -> None:
    for one in value if isinstance(value, list) else (value,):
        if not isinstance(one, str) or not one.strip():
            raise Refused("external_id_shape", INVALID)
        if not _is_hash(one):
            note("external_id_not_hashed")


def _check_text(value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise Refused("identifier_shape", INVALID)


def _check_id(value: Any) -> None:
    """The id of a page or an account: digits or opaque text, which JSON may hold as a number."""
    if isinstance(value, bool) or not isinstance(value, int):
        _check_text(value)


def _check_fbc(value: Any) -> None:
    if not isinstance(value, str) or not _is_fbc(value):
        raise Refused("fbc_shape", INVALID)


def _check_fbp(value: Any) -> None:
    if not isinstance(value, str) or not _is_fbp(value):
        raise Refused("fbp_shape", INVALID)


def _check_ip(value: Any) -> None:
    if not isinstance(value, str) or not _is_public_ip(value):
        raise Refused("ip_shape", INVALID)


def _check_lead_id(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | str) or not _is_lead_id(str(value)):
        raise Refused("lead_id_shape", BAD_LEAD_ID)


def _check_fb_login_id(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | str) or not _is_digits(str(value)):
        raise Refused("fb_login_id_shape", INVALID)


_CHECKS: Final[Mapping[str, Callable[[Any], None]]] = {
    "fbc": _check_fbc,
    "fbp": _check_fbp,
    "client_ip_address": _check_ip,
    "lead_id": _check_lead_id,
    "fb_login_id": _check_fb_login_id,
}


@lru_cache(maxsize=100_000)
def _is_public_ip(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if any(address in network for network in _DOCUMENTATION if network.version == address.version):
        return True
    return address.is_global and not address.is_multicast
