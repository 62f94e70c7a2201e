"""How GDAL reads scenes' files over networks: its options, and what it calls an address.

Options are a value that is handed to those who read, here or in a worker. What does not belong here: reading.
"""

import math
from urllib.parse import unquote, urlsplit

from eo_pipeline.storage.transfer.patience import PASSING, Patience

_SCHEMES = {"gs": "/vsigs/", "s3": "/vsis3/"}

_CONNECT_SECONDS = 30


def gdal_options(patience: Patience) -> dict[str, str]:
    """GDAL's options (https://gdal.org/en/stable/user/configoptions.html).

    What was read of a file is forgotten when it is closed, since an archive may put another one in its place.
    """
    return {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_HTTP_CONNECTTIMEOUT": str(_CONNECT_SECONDS),
        "GDAL_HTTP_LOW_SPEED_TIME": str(math.ceil(patience.seconds)),
        "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
        "GDAL_HTTP_MAX_RETRY": str(_requests_again(patience)),
        "GDAL_HTTP_RETRY_DELAY": str(patience.first_wait),
        "GDAL_HTTP_RETRY_CODES": ",".join(str(status) for status in sorted(PASSING)),
        "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
        "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
        "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/:/vsigs/:/vsis3/",
    }


def _requests_again(patience: Patience) -> int:
    """How often waits that double go into the seconds that trouble is borne."""
    return max(1, math.floor(math.log2(1 + patience.seconds / patience.first_wait)))


def gdal_path(href: str) -> str:
    """What GDAL calls the file of an address: http(s), gs, s3, file, or a path."""
    parts = urlsplit(href)
    if parts.scheme in ("http", "https"):
        return f"/vsicurl/{href}"
    if parts.scheme in _SCHEMES:
        return f"{_SCHEMES[parts.scheme]}{parts.netloc}{parts.path}"
    return unquote(parts.path) if parts.scheme == "file" else href
