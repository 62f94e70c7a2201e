"""A process that downloads a bucket's objects and is killed meanwhile: `python -m .. URL PREFIX FOLDER`."""

import sys
from dataclasses import replace
from pathlib import Path

from eo_pipeline.storage.objects import open_bucket
from eo_pipeline.storage.transfer import Limits
from eo_pipeline_tests.scenes import settings_at
from eo_pipeline_tests.storage.transfer.conftest import PIECE


def main(url: str, prefix: str, folder: str) -> None:
    bucket = replace(open_bucket(settings_at(url), "shelf"), limits=Limits(at_once=4, piece=PIECE))
    found = bucket.list(prefix)
    for _ in bucket.download([(source, Path(folder) / source.name.rpartition("/")[2]) for source in found]):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
