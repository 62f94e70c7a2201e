"""Drive's discovery document, with the sandbox's address in it. What does not belong here: the API itself.

Google's Python client takes `api_endpoint` for everything but uploads: those go to the document's `rootUrl`.
"""

import json
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eo_pipeline.sandbox.drive.errors import DriveError

_PACKAGE, _FILE = "googleapiclient.discovery_cache.documents", "drive.v3.json"


def discovery(request: Request, _: str) -> Response:
    """GET `/discovery/v1/apis/drive/v3/rest`: the document that ships with google-api-python-client."""
    file = files(_PACKAGE).joinpath(_FILE)
    if not file.is_file():
        message = f"sandbox: expected {_FILE} in {_PACKAGE}, got none; install another google-api-python-client."
        raise DriveError(404, message, "notFound")
    root = f"{str(request.base_url).rstrip('/')}/"
    service = json.loads(file.read_text(encoding="utf-8"))
    return JSONResponse({**service, "rootUrl": root, "baseUrl": f"{root}drive/v3/"})
