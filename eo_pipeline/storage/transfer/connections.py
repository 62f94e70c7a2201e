"""Connections of an event loop as Google's own client makes them: its certificates besides the system's, its proxies.

What does not belong here: what goes over them.
"""

import ssl

import aiohttp
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy


def connector(address: str, *, at_once: int) -> aiohttp.TCPConnector:
    """A pool of at most so many connections to an address; only within a running event loop."""
    trusted: ssl.SSLContext | bool = True
    if address.startswith("https:"):
        trusted = ssl.create_default_context()
        trusted.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return aiohttp.TCPConnector(limit=at_once, ssl=trusted)


def proxy_of(address: str) -> str | None:
    """The proxy that the environment names for an address."""
    proxy: str | None = select_proxy(address, get_environ_proxies(address))
    return proxy
