"""How a STAC archive is read over HTTP. What does not belong here: what is asked."""

from pystac.stac_io import DefaultStacIO
from pystac_client.stac_api_io import StacApiIO

from eo_pipeline.sources.patient_requests import TIMEOUT, patient_session
from eo_pipeline.storage.transfer.patience import Patience


def patient_io(patience: Patience) -> StacApiIO:
    """What pystac-client reads an archive with."""
    reader = StacApiIO(timeout=TIMEOUT, max_retries=None)
    patient_session(patience, reader.session)
    return reader


class PlainReader(DefaultStacIO):
    """Reads files of static catalogues over the same connections, as pystac's own objects.

    Args:
        reader: has the connections.
    """

    def __init__(self, reader: StacApiIO) -> None:
        super().__init__()
        self._reader = reader

    def read_text_from_href(self, href: str) -> str:
        """The text of an address or path."""
        return self._reader.read_text(href)
