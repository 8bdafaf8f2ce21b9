"""By what is an item known, and what is its one address?

A feed's own id is the best name, then the address, then title and date. Addresses are compared without what people
and trackers add to them; the one that the feed gave is kept beside, for readers to follow.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from html import unescape
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

LINK_LIMIT = 2048  # Media Cloud's limit over 180,000 feeds; a longer address is junk

_PORTS = {"http": "80", "https": "443"}
# Miniflux' list of what newsletters, advertisers and publishers add, and at_* as the BBC does. `ref`, `source` and
# `cid` stay: some sites tell articles apart by them.
_TRACKERS = frozenset(
    word
    for line in (
        "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh li_fat_id srsltid",
        "mc_cid mc_eid mkt_tok _hsenc _hsmi __hstc __hsfp __hssc hsctatracking vero_id vero_conv",
        "oly_anon_id oly_enc_id rb_clickid s_cid wickedid soc_src soc_trk ref_src ref_url",
        "cmpid ocid ito ncid smid smtyp ns_campaign ns_mchannel ns_source ns_linkname ns_fee",
        "wt_mc wtmc xtor xtref echobox cvid oicd openreferrer",
    )
    for word in line.split()
)
_TRACKER_PREFIXES = ("utm_", "at_", "mtm_", "pk_", "matomo_", "hsa_", "itm_", "stm_", "ga_", "piwik_")
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")


def absolute_link(link: str, base: str) -> str:
    """The address that a reader follows; empty when it is none that a browser opens over HTTP."""
    try:
        joined = urljoin(base, _UNSAFE.sub("", unescape(link.strip()) if "&amp;" in link else link.strip()))
        parts = urlsplit(joined)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and len(joined) <= LINK_LIMIT
    except ValueError:
        return ""
    return joined if usable and link.strip() else ""


def canonical_url(link: str) -> str:
    """One address for all the ways in which one page is linked; empty for no address.

    The case of the host, default ports, trackers and fragments go. What may tell two pages apart stays: the scheme,
    `www.`, the order of parameters, and a fragment that is a route (`#!/…`, `#/…`).
    """
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _PORTS or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.rstrip(".")
    netloc = host if port is None or str(port) == _PORTS[parts.scheme] else f"{host}:{port}"
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit((parts.scheme, netloc, path, _untracked(parts.query), fragment))


def is_front_page(canonical: str) -> bool:
    """Whether the address names a site and no article: items that share it have nothing in common."""
    parts = urlsplit(canonical)
    return parts.path in ("", "/") and not parts.query and not parts.fragment


def identity_of(guid: str, canonical: str, title: str, date: str, revision: str) -> str:
    """What the feed knows an item by: its id, else its address, else its title and date, else its very words.

    Publishers move from http to https and rewrite their ids with it: the scheme of an id is no part of it.
    """
    if guid:
        return "guid " + re.sub(r"^https?:", "", guid, flags=re.IGNORECASE)
    if canonical and not is_front_page(canonical):
        return "link " + re.sub(r"^https?:", "", canonical)
    return f"title {title}\n{date}" if title or date else f"text {revision}"


def place_of(canonical: str, title: str = "") -> str:
    """A short name of an address, or of a title at it, to tell apart the items to which a feed gave one id."""
    return sha256(f"{canonical}\n{title}".encode("utf-8", "replace")).hexdigest()[:12]


def _untracked(query: str) -> str:
    return "&".join(_kept(query.split("&")))


def _kept(parameters: Iterable[str]) -> Iterable[str]:
    for parameter in parameters:
        name = parameter.partition("=")[0].lower()
        if parameter and name not in _TRACKERS and not name.startswith(_TRACKER_PREFIXES):
            yield parameter
