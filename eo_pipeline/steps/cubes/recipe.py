"""How a product's scenes become pixels, as a value that travels to workers.

What does not belong here: doing it (`compose`, `read_shard`), and which scenes there are (`plan_region`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.formulas import Formula, parse_formula
from eo_pipeline.core.keys import digest
from eo_pipeline.core.masking import MaskRule, mask_rule
from eo_pipeline.core.product import Product
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.errors import ProductError, SourceError

_COARSER = 1.5
"""Times the scenes' resolution from which on a product is averaged from it, as in `earth_engine.averaging`."""
_VERSION = 1
"""Of how pixels are made; another one makes every shard anew."""
_METRES_A_DEGREE = math.pi * 6378137 / 180


@dataclass(frozen=True)
class SceneRecipe:
    """What is done with the scenes of a place.

    Attributes:
        wanted: bands of the scenes that are read, the mask's left out; the first one tells what was seen at all.
        scale: from what items say to physical values, beside their own.
        offset: added after scale.
        nodata: stored number of the scenes that means no value, where nothing else says one; None if the product does
            not say it.
        mask: which pixels are usable; all if None.
        early: (name, formula) of bands that are computed of each scene.
        late: the same of bands that are computed of the composite.
        reducer: name of the composite's kind.
        quality: band by which the best pixel is chosen; None for other kinds.
        bands: of the cube, values then counts.
        factor: pixels of the composite along one of the product, which is averaged from them.
        digest: of everything here that decides pixels.
    """

    wanted: tuple[str, ...]
    scale: float
    offset: float
    nodata: float | None
    mask: MaskRule | None
    early: tuple[tuple[str, Formula], ...]
    late: tuple[tuple[str, Formula], ...]
    reducer: str
    quality: str | None
    bands: tuple[BandEncoding, ...]
    factor: int
    digest: str

    @property
    def values(self) -> tuple[BandEncoding, ...]:
        """The cube's bands that are neither counts nor days."""
        return tuple(band for band in self.bands if band.name not in COUNTS)

    def of(self, scene: Scene) -> Scene:
        """A scene with nothing but the bands that are read, under the names by which they are asked for.

        Archives call classes scl or SCL; a band that is not there is missed when it is read.
        """
        found = {name: _called(scene, name) for name in self._read}
        bands = {name: scene.band(there) for name, there in found.items() if there is not None}
        return replace(scene, bands=bands, aliases={})

    def check_bands(self, scenes: Sequence[Scene], *, source: str) -> None:
        """See to it that each band that is read is there in one scene at least.

        Args:
            scenes: as the source has them.
            source: its name.

        Raises:
            SourceError: names the band, and those there are.
        """
        for name in self._read:
            if scenes and not any(_called(scene, name) for scene in scenes):
                there = sorted({band for scene in scenes for band in scene.bands})
                raise SourceError(
                    f"expected a band {name} in scenes of {source}, got {', '.join(there)}; correct source.bands, "
                    "formulas or the mask"
                )

    @property
    def _read(self) -> tuple[str, ...]:
        return (*self.wanted, *([self.mask.band] if self.mask else []))


COUNTS = ("n_obs", "n_valid", "source_day")


def _called(scene: Scene, name: str) -> str | None:
    return next((one for one in (name, name.lower(), name.upper()) if scene.has(one)), None)


def scene_recipe(product: Product, native_resolution: float | None = None) -> SceneRecipe:
    """The recipe of a product whose pixels are composed here.

    Args:
        product: with a source of STAC items or files.
        native_resolution: metres a pixel of the scenes (see `resolution_of`), if the product does not say it.

    Raises:
        ProductError: the product has no source.
    """
    source, mask = product.source, product.mask
    if source is None:
        raise ProductError("expected `source` in a product that is composed of scenes, got none; name one")
    factor = _factor(product, source.native_resolution or native_resolution)
    quality = product.composite.quality
    needed = {name: index for name, index in product.index.items() if name in (*product.value_names, quality)}
    formulas = {
        when: tuple((name, parse_formula(index.formula)) for name, index in needed.items() if index.compute == when)
        for when in ("per_scene", "composite")
    }
    decides = {
        "version": _VERSION,
        "bands": source.bands,
        "scaling": [source.scale, source.offset],
        **({} if source.nodata is None else {"nodata": str(source.nodata)}),
        "mask": None if mask is None else mask.in_full.model_dump(mode="json", exclude_defaults=True),
        "index": {name: [index.formula, index.compute] for name, index in needed.items()},
        "composite": product.composite.model_dump(mode="json", exclude={"counts"}, exclude_defaults=True),
        "output": [[b.name, b.dtype, b.scale, b.offset, str(b.nodata), b.kind] for b in product.bands],
        "factor": factor,
    }
    return SceneRecipe(
        wanted=tuple(source.bands),
        scale=source.scale,
        offset=source.offset,
        nodata=source.nodata,
        mask=None if mask is None else mask_rule(mask),
        early=formulas["per_scene"],
        late=formulas["composite"],
        reducer=product.composite.reducer,
        quality=quality,
        bands=tuple(product.bands),
        factor=factor,
        digest=digest(decides),
    )


def resolution_of(scenes: Sequence[Scene], names: Sequence[str]) -> float | None:
    """Metres a pixel of the finest band that scenes tell the grid of; None if they tell none."""
    grids = [scene.band(name).geobox for scene in scenes for name in names if scene.has(name)]
    told = [metres_a_pixel(grid) for grid in grids if grid is not None]
    return min(told, default=None)


def metres_a_pixel(grid: GeoBox) -> float:
    """Along the shorter side of a grid's pixels; of degrees along a meridian."""
    step = min(abs(grid.resolution.x), abs(grid.resolution.y))
    return step * (_METRES_A_DEGREE if grid.crs is not None and grid.crs.geographic else 1.0)


def _factor(product: Product, native: float | None) -> int:
    """Whole pixels of the scenes, or finer ones, along a pixel of the product; 1 if it is no coarser."""
    metres = product.area.resolution * (_METRES_A_DEGREE if CRS(product.area.crs).geographic else 1.0)
    if native is None or metres <= native * _COARSER:
        return 1
    return math.ceil(metres / native - 1e-6)
