"""The errors a person meets: one base, named leaves.

Every message says what was expected, what came and what to do. What does not belong here: classes that wrap
another library's error without adding a remedy.
"""


class EoPipelineError(Exception):
    """Base of every error that eo_pipeline raises on purpose.

    Attributes:
        passes: True if the same may succeed a little later, with nothing changed.
        said: the words of the service that refused, without ours around them; the whole message if none did.
    """

    passes = False

    def __init__(self, message: str, *, said: str = "", passes: bool | None = None) -> None:
        super().__init__(message)
        self.said = said or message
        if passes is not None:
            self.passes = passes


class ProductError(EoPipelineError):
    """A product's declaration is wrong: names the field, what was expected and what came."""


class SettingsError(EoPipelineError):
    """A variable of the deployment has a value that cannot be used."""


class KeyFormatError(EoPipelineError, ValueError):
    """A text is not a key that this project would have printed."""


class CredentialsError(EoPipelineError):
    """No usable credentials for Earth Engine or Cloud Storage."""


class ServiceError(EoPipelineError):
    """Earth Engine answered with an error; carries the service's own message."""


class ServiceBusyError(ServiceError):
    """Earth Engine refused for a reason that passes, such as too many requests or an error of its own."""

    passes = True


class ServiceUnreachableError(EoPipelineError):
    """No connection to a service's address."""

    passes = True


class StorageError(EoPipelineError):
    """Bytes could not be read from or written to a place."""


class SourceError(EoPipelineError):
    """An archive of scenes cannot be searched or read: names the source and every scene."""


class DiskFullError(StorageError):
    """No space left at the destination; nothing was left under its final name."""


class TilesError(EoPipelineError):
    """Exported tiles are missing, corrupt or unexpected: lists every one of them."""


class ExportGoneError(EoPipelineError):
    """What an export made was there and has been deleted since: another export brings it back."""


class TilesGoneError(TilesError, ExportGoneError):
    """Some exported tiles were there and have been deleted since: says what tells; another export brings them back."""


class TableError(EoPipelineError):
    """An exported table is not what was declared: names the file, the column and the values."""


class SeriesError(EoPipelineError):
    """Regions could not be measured: names each, with why and what to do."""


class AssetError(EoPipelineError):
    """An Earth Engine asset is not what was asked for: lists every difference."""


class GridMismatchError(EoPipelineError):
    """Rasters do not lie on the expected pixel lattice: gives both grids and the offset."""


class ZonesError(EoPipelineError):
    """A file of zones or areas cannot be used: names the file and the column, geometry or CRS."""


class SamplesError(EoPipelineError):
    """A work list of chips or a file of places cannot be used: names it and the rows or columns."""


class ChipsError(EoPipelineError):
    """More chips of a partition could not be cut than are tolerated: says how many, which and why."""


class CubeError(EoPipelineError):
    """A cube does not fit what is to be written: names both sides."""


class CompositeError(EoPipelineError):
    """Observations of a place cannot become one image: says which of them do not fit."""


class PlanFileError(EoPipelineError):
    """A saved plan cannot be read: names the file and what is wrong."""


class EngineError(EoPipelineError):
    """Batches of work cannot be run: names the engine, what it said and what to do."""


class WorkerLostError(EngineError):
    """Workers ended while they worked at a batch, more often than is tolerated: says which and how."""


class BatchTimeoutError(EngineError):
    """A batch took longer than it may."""


class BatchCancelledError(EngineError):
    """A batch was not done, since another one had failed."""
