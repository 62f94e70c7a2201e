"""The discovery document and the list of algorithms that the client asks for first, made from the client's own wheel.

The wheel has a document of 2020 (v1alpha); what the client uses since then is added. What does not belong here:
answering the methods that the document names.
"""

import copy
import json
from importlib import resources
from pathlib import Path
from typing import Any

import ee

_ANY = {"type": "any"}
_PROJECT = "^projects/[^/]+$"
Document = dict[str, Any]


class WheelError(Exception):
    """The installed earthengine-api lacks a file that the sandbox serves."""


def wheel_file(name: str) -> bytes:
    """A file of the `ee.tests` folder.

    Raises:
        WheelError: The installed client does not ship it.
    """
    path = Path(str(resources.files(ee))) / "tests" / name
    if not path.is_file():
        raise WheelError(f"expected {path} in earthengine-api {ee.__version__}, got nothing; install 1.7.50.")
    return path.read_bytes()


def load_document() -> Document:
    """The v1 discovery document, without addresses.

    Raises:
        WheelError: The installed client does not ship the document it is made from.
    """
    text = wheel_file("cloud_api_discovery_document.json").decode().replace("v1alpha", "v1")
    text = text.replace("/assets/.+$", "/assets/.*$")  # a project's top folder is an asset, too
    document: Document = json.loads(text)
    projects = document["resources"]["projects"]
    groups = projects["resources"]
    for group in ("maps", "thumbnails", "videoThumbnails", "filmstripThumbnails"):
        groups[group]["methods"]["create"]["parameters"]["workloadTag"] = _query()
    for methods in (projects["methods"], groups["assets"]["methods"]):
        methods["listAssets"]["parameters"].update(filter=_query(), view=_query())
    groups["assets"]["methods"]["listFeatures"] = _feature_listing()
    _add_newer_methods(groups)
    return document


def at(document: Document, base_url: str) -> Document:
    """The document for a server at `base_url`, which has no trailing slash."""
    placed = copy.copy(document)
    placed.update(rootUrl=f"{base_url}/", baseUrl=f"{base_url}/", servicePath="")
    return placed


def _add_newer_methods(groups: Document) -> None:
    features = _method("GET", "v1/{+name}:getFeatures", "name", "^projects/[^/]+/tables/[^/]+$")
    groups["tables"] = {"methods": {"create": _creator("parent", "tables"), "getFeatures": features}}
    groups["featureView"] = {"methods": {"create": _creator("parent", "featureView")}}
    groups["classifier"] = {"methods": {"export": _creator("project", "classifier:export")}}
    groups["image"]["methods"]["importExternal"] = _creator("project", "image:importExternal")


def _feature_listing() -> Document:
    """As the client of today asks for it: the table is `asset`."""
    method = _method("GET", "v1/{+asset}:listFeatures", "asset", "^projects/[^/]+/assets/.*$")
    size = {"location": "query", "type": "integer", "format": "int32"}
    method["parameters"].update(filter=_query(), region=_query(), pageToken=_query(), pageSize=size)
    return method


def _creator(parameter: str, path: str) -> Document:
    return {**_method("POST", f"v1/{{+{parameter}}}/{path}", parameter, _PROJECT), "request": _ANY}


def _method(verb: str, path: str, parameter: str, pattern: str) -> Document:
    named = {"location": "path", "pattern": pattern, "required": True, "type": "string"}
    return {
        "id": f"earthengine.{path}",
        "httpMethod": verb,
        "path": path,
        "flatPath": path,
        "parameters": {parameter: named, "workloadTag": _query()},
        "parameterOrder": [parameter],
        "response": _ANY,
    }


def _query() -> Document:
    return {"location": "query", "type": "string"}
