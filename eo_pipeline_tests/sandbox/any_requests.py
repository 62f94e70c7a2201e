"""Requests of any kind to every route of the sandbox: strategies that follow its route table and its own words.

A route that is added is met without a word here: its path comes from the table, names of parameters, members and
headers from the texts in the source behind it.
What does not belong here: what must be true of the answers (`test_any_request`).
"""

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import getclosurevars
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from starlette.routing import BaseRoute, Route

from eo_pipeline.sandbox.app import application
from eo_pipeline.sandbox.assembly import open_parts
from eo_pipeline.sandbox.settings import Settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW")
OUTSIDE = "escaped"
"""Part of every name that leads out of the data folder."""


@dataclass(frozen=True)
class Request:
    """What is sent."""

    method: str
    target: str
    """Path and query, percent-encoded."""
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Place:
    """A route."""

    methods: tuple[str, ...]
    path: str
    """With its parameters in braces."""
    module: str
    """Dotted name of the module that has its handler."""


def places(folder: Path) -> list[Place]:
    """Every route of an application opened in an empty folder, in order."""
    app: Any = application(open_parts(folder, catalog=None, settings=Settings(), speed=1.0))
    while not hasattr(app, "routes"):
        app = vars(app)["_app"]
    return [_place(route) for route in app.routes]


def _place(route: BaseRoute) -> Place:
    if not isinstance(route, Route):
        raise TypeError(f"expected routes of starlette's class Route, got {route!r}; let `places` walk into it")
    handler = getclosurevars(route.endpoint).nonlocals.get("handler", route.endpoint)
    return Place(tuple(sorted(route.methods or METHODS)), route.path, handler.__module__)


@cache
def words(module: str) -> tuple[str, ...]:
    """Texts that could be names or values in a request: those in a module and in the sandbox's modules it imports."""
    tree = _tree(module)
    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    trees = [tree, *(_tree(name) for name in imported if name.startswith("eo_pipeline.sandbox."))]
    constants = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = {text for text in constants if isinstance(text, str) and re.fullmatch(r"[A-Za-z][\w.:/-]{1,40}", text)}
    return tuple(sorted(texts))


def _tree(module: str) -> ast.Module:
    return ast.parse(Path(str(import_module(module).__file__)).read_text(encoding="utf-8"))


NUMBERS: Sequence[object] = (0, -1, 1, 2.5, 10**9, 2**31, 2**63, -(2**63), 10**30, 1e300, float("nan"), float("inf"))
# fmt: off
TEXTS = (
    "", " ", "0", "-1", "x", "²", "1" * 5000, "9" * 25, "NaN", "null", "bytes=0-", "bytes=5-2", "bytes 0-*/*", "*",
    "bytes 99999999999-*/*", "Bearer ya29.x.y", "Bearer a.b.c", "Bearer ÿ", "\x00", "\ud800", "é", "\U0001f600",
    "a\r\nb", "[", "{a,[}", "[z-a]", "%", "%ff", "2024-01-01", "2024-01-01T00:00:00Z/..", "application/json", 'W/"x"',
    "AAAA", "===", "multipart/mixed; boundary=b", "multipart/related; boundary=b", 'multipart/related; boundary="é"',
    "text/plain; charset=x", "A" * 3000, "tiles", "a/b.tif", "projects/sandbox-project", "local/numbers",
    "local/days", "MEDIA", "media", "multipart",
)
PATHS = (
    "sandbox-project", "tiles", "a/b.tif", "local/numbers", "local/days", "earthengine-public", "x", "", ".", "..",
    "~", f"../{OUTSIDE}", f"../../{OUTSIDE}", f"..%2f..%2f{OUTSIDE}", f"/{OUTSIDE}/x", "\x00", "\ud800", "é", "a\nb",
    "A" * 2000, "COPERNICUS/S2_SR_HARMONIZED", ":", "a:b:c", "?", "#", "%", "users/a/../../b", "storage/v1/b",
    "0" * 32, "C:\\x", "%2e%2e%2f" * 3 + OUTSIDE, "..\\..\\" + OUTSIDE, "a/" * 900 + "b", "a\x00/../b", f"//{OUTSIDE}",
)
# fmt: on


EXISTING: Mapping[str, Sequence[str]] = {
    "project": ["sandbox-project", "earthengine-public"],
    "asset": ["local/numbers", "local/days", "COPERNICUS/S2_SR_HARMONIZED", "kept"],
    "bucket": ["tiles"],
    "to_bucket": ["tiles"],
    "name": ["a/b.tif"],
    "to_name": ["a/c.tif"],
}
"""What path parameters may name, as far as the test made it."""


def values(module: str, outer: Path) -> st.SearchStrategy[object]:
    """JSON scalars: the module's words, hostile texts and numbers, names of files outside."""
    away = [f"{outer}/{OUTSIDE}", f"../{OUTSIDE}", f"a/../../../{OUTSIDE}"]
    plain = st.sampled_from([None, True, False, *NUMBERS, *TEXTS, *away])
    return plain | st.sampled_from(words(module)) | st.text(max_size=6)


def members(module: str, outer: Path) -> st.SearchStrategy[object]:
    """JSON of any kind whose members have the module's names."""
    names = st.sampled_from(words(module))
    return st.recursive(
        values(module, outer),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=8,
    )


def graphs(functions: Sequence[str]) -> st.SearchStrategy[object]:
    """Expressions: wrong types, cycles, deep chains, references to nothing, functions with arguments of any kind."""
    keys = st.sampled_from(["0", "1", "2", "3"])
    scalars = st.sampled_from([None, True, *NUMBERS, *TEXTS[:8], [], {}, [[]], {"type": "Point", "coordinates": [1e9]}])
    leaves = st.one_of(
        st.fixed_dictionaries({"constantValue": scalars}),
        st.fixed_dictionaries({"valueReference": keys | scalars}),
        st.fixed_dictionaries({"argumentReference": st.sampled_from(["x", "y"]) | scalars}),
        st.fixed_dictionaries({"integerValue": scalars}),
        st.fixed_dictionaries({"bytesValue": scalars}),
        scalars,
    )
    nodes = st.recursive(leaves, lambda inner: _branches(functions, keys, inner), max_leaves=6)
    whole = st.fixed_dictionaries({"values": st.dictionaries(keys, nodes, min_size=1), "result": keys})
    return whole | st.sampled_from([deep(1500), deep(30), ring(3), ring(1)]) | scalars


def _branches(functions: Sequence[str], keys: Any, inner: Any) -> st.SearchStrategy[object]:
    names = st.sampled_from(ARGUMENTS)
    call = {"functionName": st.sampled_from(functions), "arguments": st.dictionaries(names, inner, max_size=4)}
    function = {"argumentNames": st.just(["x"]) | inner, "body": keys | inner}
    return st.one_of(
        st.fixed_dictionaries({"functionInvocationValue": st.fixed_dictionaries(call)}),
        st.fixed_dictionaries({"functionDefinitionValue": st.fixed_dictionaries(function)}),
        st.fixed_dictionaries({"arrayValue": st.fixed_dictionaries({"values": st.lists(inner, max_size=3)})}),
        st.fixed_dictionaries(
            {"dictionaryValue": st.fixed_dictionaries({"values": st.dictionaries(keys, inner, max_size=3)})}
        ),
    )


ARGUMENTS = (
    "id",
    "value",
    "input",
    "left",
    "right",
    "image1",
    "image2",
    "collection",
    "list",
    "count",
    "size",
    "geometry",
)


def _sum(left: object, right: object) -> object:
    arguments = {"left": left, "right": right}
    return {"functionInvocationValue": {"functionName": "Number.add", "arguments": arguments}}


def deep(levels: int) -> object:
    """A chain of sums, a level a node, as long as `levels`."""
    one: object = {"constantValue": 1}
    chain = {str(n): _sum({"valueReference": str(n + 1)}, one) for n in range(levels)}
    return {"values": {**chain, str(levels): one}, "result": "0"}


def ring(length: int) -> object:
    """Nodes that refer to each other in a circle."""
    nodes = {str(n): {"arrayValue": {"values": [{"valueReference": str((n + 1) % length)}] * 2}} for n in range(length)}
    return {"values": nodes, "result": "0"}


def doubled(levels: int, node: Callable[[object], object], start: object) -> object:
    """A value made of the one below it twice, `levels` times: small to send, 2 ** levels to write out."""
    chain = {str(n): node({"valueReference": str(n + 1)}) for n in range(levels)}
    return {"values": {**chain, str(levels): {"constantValue": start}}, "result": "0"}


def bodies(module: str, outer: Path, functions: Sequence[str]) -> st.SearchStrategy[bytes]:
    """JSON with the module's members, with expressions, malformed; XML; parts of mail; bytes."""
    inside = members(module, outer)
    objects = st.dictionaries(st.sampled_from(words(module)), inside, max_size=6)
    places = st.sampled_from([*PATHS, f"{outer}/{OUTSIDE}"])
    asked = st.builds(
        lambda graph, more, place: {**more, **place, "expression": graph},
        graphs(functions) | small_images(functions),
        objects,
        st.just({}) | st.sampled_from(FORMATS) | places.map(_target_at),
    )
    nested = st.sampled_from(
        [b"[" * 50_000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b"\xff\xfe", b"{", b"null", b"1e999"]
    )
    named = st.sampled_from(words(module))
    xml = st.builds(
        lambda tag, text: f"<a><{tag}>{text}</{tag}></a>".encode("utf-8", "replace"), named, st.text(max_size=9)
    )
    parts = st.lists(st.sampled_from(TEXTS) | named, max_size=3).map(lambda texts: _of_parts([*texts]))
    calls = st.builds(
        lambda method, path: f"{method} /{path} HTTP/1.1", st.sampled_from(METHODS), st.sampled_from(PATHS)
    )
    batch = st.lists(calls, max_size=3).map(_of_parts)
    return st.one_of(
        (objects | asked | inside).map(lambda content: json.dumps(content).encode()),
        nested,
        xml,
        parts,
        batch,
        st.binary(max_size=40),
    )


FORMATS: Sequence[Mapping[str, object]] = [
    {"fileFormat": name, "grid": {"dimensions": {"width": side, "height": side}}}
    for name in ("NPY", "PNG", "GEO_TIFF", "CSV")
    for side in (8, 20_000)
]
"""What pixels and tables are asked as: little, and too much."""


def _target_at(place: str) -> Mapping[str, object]:
    """Exports to a place with hostile names, in every service that takes them."""
    return {
        "description": place,
        "fileExportOptions": {
            "fileFormat": "GEO_TIFF",
            "cloudStorageDestination": {"bucket": "tiles", "filenamePrefix": place},
            "driveDestination": {"folder": place, "filenamePrefix": place},
        },
        "assetExportOptions": {"earthEngineDestination": {"name": f"projects/sandbox-project/assets/{place}"}},
    }


def small_images(functions: Sequence[str]) -> st.SearchStrategy[object]:
    """Expressions of functions of images, of the asset that the tests have and of numbers."""
    loaded = {
        "functionInvocationValue": {
            "functionName": "Image.load",
            "arguments": {"id": {"constantValue": "local/numbers"}},
        }
    }
    leaves = st.sampled_from([loaded, {"constantValue": 1}, {"constantValue": [1, 2]}, {"constantValue": "B1"}])
    images = [name for name in functions if name.startswith("Image.")]
    names = st.sampled_from(["image", "input", "value", "image1", "image2", "dstImg", "srcImg", "kernel", "reducer"])
    calls = st.fixed_dictionaries(
        {"functionName": st.sampled_from(images), "arguments": st.dictionaries(names, leaves, max_size=3)}
    )
    return calls.map(lambda call: {"values": {"0": {"functionInvocationValue": call}}, "result": "0"})


def _of_parts(texts: list[str]) -> bytes:
    parts = "".join(f"--b\r\nContent-Type: application/json\r\n\r\n{text}\r\n" for text in texts)
    return f"{parts}--b--\r\n".encode("utf-8", "replace")


def requests(
    place: Place, outer: Path, functions: Sequence[str], known: Mapping[str, Sequence[str]] = EXISTING
) -> st.SearchStrategy[Request]:
    """Requests to one route; every second one has its method; `known` are values of its path's parameters."""
    texts = values(place.module, outer).map(str)
    named = st.sampled_from(words(place.module))
    headers = [word for word in words(place.module) if re.fullmatch("[A-Za-z]+(-[A-Za-z0-9]+)+", word)]
    names = st.sampled_from([*headers, "Range", "Content-Range", "Content-Type", "Authorization", "If-Match", "Cookie"])
    return st.builds(
        Request,
        method=st.sampled_from(place.methods) | st.sampled_from(METHODS),
        target=st.builds(
            _target,
            st.just(place.path),
            st.fixed_dictionaries(
                {name: _segments(name, place.module, outer, known) for name in _parameters(place.path)}
            ),
            st.booleans(),
            st.lists(st.tuples(named, texts), max_size=4),
        ),
        headers=st.lists(st.tuples(names, texts.map(_header)), max_size=3).map(tuple),
        body=bodies(place.module, outer, functions),
    )


def _parameters(path: str) -> list[str]:
    return re.findall(r"{(\w+)", path)


def _segments(name: str, module: str, outer: Path, known: Mapping[str, Sequence[str]]) -> st.SearchStrategy[str]:
    """Half of the time something that exists, if it is known for a parameter of that name."""
    hostile = st.sampled_from(PATHS) | st.sampled_from(words(module)) | st.just(f"{outer}/{OUTSIDE}")
    return st.sampled_from(known[name]) | hostile if name in known else hostile


def _target(path: str, segments: Mapping[str, str], bare: bool, query: list[tuple[str, str]]) -> str:
    """A path with its parameters filled in; `bare` leaves slashes and dots as they are."""
    kept = "/.%:" if bare else ""
    encoded = {name: quote(text.encode("utf-8", "replace"), safe=kept) for name, text in segments.items()}
    filled = re.sub(r"{(\w+)[^}]*}", lambda found: encoded[found[1]], path)
    asked = urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in query])
    return f"{filled}?{asked}" if asked else filled


def _header(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text[:3000]).encode("latin-1", "replace").decode("latin-1")
