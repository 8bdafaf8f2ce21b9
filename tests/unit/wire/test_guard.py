import pytest

from wire.guard import why_refused
from wire.settings import Settings

SPECIAL = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a01:203::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)
PUBLIC = (
    "1.1.1.1",
    "100.63.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "9.255.255.255",
    "193.0.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::200e",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
)


@pytest.mark.parametrize("address", SPECIAL)
def test_special_addresses_are_refused_with_the_way_to_mend_it(address: str) -> None:
    refusal = why_refused(address, "feed.example", Settings())

    assert "feed.example" in refusal
    assert address in refusal
    assert "NEWSWATCH_ALLOW_PRIVATE" in refusal


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert why_refused(address, "feed.example", Settings()) == ""


@pytest.mark.parametrize(
    ("allowed", "host", "address"),
    [
        ("intranet.example", "intranet.example", "10.1.2.3"),
        ("Intranet.Example", "intranet.example.", "10.1.2.3"),
        ("10.1.0.0/16", "intranet.example", "10.1.2.3"),
        ("10.1.0.0/16", "intranet.example", "::ffff:10.1.2.3"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("::1", "[::1]", "::1"),
        ("other.example,fd00::/8", "intranet.example", "fd00::5"),
    ],
)
def test_a_named_host_or_network_is_allowed(allowed: str, host: str, address: str) -> None:
    assert why_refused(address, host, Settings(allow_private=allowed)) == ""  # type: ignore[arg-type]  # as written


@pytest.mark.parametrize(
    ("allowed", "host", "address"),
    [
        ("intranet.example", "evil.example", "10.1.2.3"),
        ("intranet.example", "intranet.example.evil.example", "10.1.2.3"),
        ("10.1.0.0/16", "intranet.example", "10.2.0.1"),
        ("localhost", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_what_is_not_named_stays_refused(allowed: str, host: str, address: str) -> None:
    assert why_refused(address, host, Settings(allow_private=allowed)) != ""  # type: ignore[arg-type]  # as written
