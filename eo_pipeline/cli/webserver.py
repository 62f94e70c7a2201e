"""What a command asks of a running Dagster webserver, over GraphQL.

What does not belong here: anything that works on the instance itself.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from eo_pipeline.errors import EoPipelineError

_LAUNCH = """
mutation Launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on UnauthorizedError { message }
    ... on InvalidSubsetError { message }
  }
}
"""


class WebserverError(EoPipelineError):
    """Dagster's webserver refused a request; its words are in the message."""


def graphql(ui: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """One GraphQL request; the `data` of its answer."""
    request = urllib.request.Request(  # noqa: S310  # the address of our own process
        f"{ui}/graphql",
        data=json.dumps({"query": query, "variables": dict(variables)}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # the address of our own process
            body: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise WebserverError(f"Dagster at {ui} answered {error.code}: {error.read()[:500].decode()}") from error
    if body.get("errors"):
        raise WebserverError(f"Dagster: {body['errors'][0].get('message')}")
    data: dict[str, Any] = body["data"]
    return data


def launch_backfill(ui: str, asset: Sequence[str], partitions: Sequence[str], *, title: str) -> str:
    """Start a backfill of one asset; its id."""
    params = {"assetSelection": [{"path": list(asset)}], "partitionNames": list(partitions), "title": title}
    answer = graphql(ui, _LAUNCH, {"params": params})["launchPartitionBackfill"]
    if answer["__typename"] != "LaunchBackfillSuccess":
        raise WebserverError(f"expected a backfill of {'/'.join(asset)}, got {answer}")
    return str(answer["backfillId"])
