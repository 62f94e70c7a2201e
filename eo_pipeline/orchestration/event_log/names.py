"""Names of metadata that the project itself reads back; people see them below their own in the UI.

What does not belong here: what the values look like (`stored_submissions`) and looking them up (`ledger`).
"""

PREFIX_OF_NAMES = "eo/"

FORMAT = "eo/format"
"""Version of what a submission or an export records."""

DIGEST = "eo/digest"
"""Of the export that something is made of."""

STATE = "eo/state"
"""Of a submission, or no_images wherever there is nothing to make."""

OPERATION = "eo/operation"
PARTS = "eo/parts"
PLACE = "eo/place"
INPUTS = "eo/inputs"
SPLIT = "eo/split"
HELD = "eo/held"
PRIORITY = "eo/priority"
SERVICE = "eo/service"

SENT = "eo/sent"
"""JSON list of the operations that a run started for a partition; those that it joined are left out."""

DELETED = "eo/deleted"
"""True of a withdrawn submission whose partition was deleted from every store."""

REPORTED = "eo/reported"
"""Identity of the submission that an event of `export` reports."""

LOST = "eo/lost"
"""Identity of the submission whose tiles were deleted after their export."""

SCENES = "eo/scenes"
"""JSON of the scenes or tiles that a partition of a cube is made of: versions by id; left out where they are many."""

ROOT = "eo/root"
"""Address of the data root that something was stored below."""

RECIPE_VERSION = "eo/recipe_version"
MOSAIC_VERSION = "eo/mosaic_version"
ZONES_VERSION = "eo/zones_version"
COLUMNS_VERSION = "eo/columns_version"
PIECES_VERSION = "eo/pieces_version"

ERRORS = "eo/errors"
"""Of a failure: the words of each partition that failed, by its key."""
