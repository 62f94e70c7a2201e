"""xarray's `to_zarr(region=)` into Icechunk, at this project's codec and at its own; needs icechunk and xarray."""

import shutil

import icechunk
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from benchmarks.cubes.ground import read_pixels, second, timed


def to_zarr(*, pixels: str, empty: str, cube: str) -> dict[str, float]:
    """Writes the slot into a copy of this project's empty cube: the same arrays, chunks, shards and codec."""
    held = _dataset(read_pixels(pixels))

    def written() -> dict[str, float]:
        shutil.rmtree(cube, ignore_errors=True)
        shutil.copytree(empty, cube)
        repository = icechunk.Repository.open(icechunk.local_filesystem_storage(cube))
        return timed(lambda: _write(repository, held))

    return second(written)


def to_zarr_defaults(*, pixels: str, cube: str) -> dict[str, float]:
    """Writes the slot into arrays that xarray laid out itself: its chunks and its codec, no shards."""
    held = _dataset(read_pixels(pixels))

    def written() -> dict[str, float]:
        shutil.rmtree(cube, ignore_errors=True)
        repository = icechunk.Repository.create(icechunk.local_filesystem_storage(cube))
        session = repository.writable_session("main")
        xr.zeros_like(held).to_zarr(session.store, mode="w", zarr_format=3, consolidated=False)
        session.commit("laid out")
        return timed(lambda: _write(repository, held))

    return second(written)


def _write(repository: icechunk.Repository, held: xr.Dataset) -> None:
    session = repository.writable_session("main")
    region = {str(name): slice(0, length) for name, length in held.sizes.items()}
    held.to_zarr(session.store, region=region, zarr_format=3, consolidated=False)
    session.commit("slot")


def _dataset(pixels: dict[str, NDArray[np.uint16]]) -> xr.Dataset:
    return xr.Dataset({name: (("time", "y", "x"), band[None]) for name, band in pixels.items()})
