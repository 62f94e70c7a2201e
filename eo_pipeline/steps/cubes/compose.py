"""From a stack of observations to the pixels of a cube: indices, composite, average, stored numbers; no reading.

Order, as in `earth_engine.recipes`: mask, index of each scene, composite at native resolution, average to a coarser
product, encode. A band of the scenes is composited as it is stored, and rounded once at most. What does not belong
here: which pixels are usable (`usable_pixels`), and loading (`read_shard`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.composites import Kind, Observations, averaged, composite, kind_of, most_frequent
from eo_pipeline.core.encoding import encoded, rounded
from eo_pipeline.core.formulas import Formula
from eo_pipeline.core.scenes.fusing import has_value
from eo_pipeline.core.scenes.stack import Stack
from eo_pipeline.steps.cubes.recipe import SceneRecipe

_EPOCH = date(1970, 1, 1)
_NEARLY = 1e-6
"""Stored units by which scales and offsets may miss whole numbers."""

Pixels = NDArray[Any]


@dataclass(frozen=True)
class Composing:
    """Observations of a window on their way to pixels.

    Attributes:
        recipe: what is done.
        stack: values of the scenes, all observations of a band at one offset.
        usable: (observation, y, x); all if None.
    """

    recipe: SceneRecipe
    stack: Stack
    usable: NDArray[np.bool_] | None

    def pixels(self) -> dict[str, Pixels]:
        """Stored numbers (y, x) of every band of the cube, on the product's grid."""
        values = {band.name: self._value(band) for band in self.recipe.values}
        counts = {band.name: self._count(band) for band in self.recipe.bands if band.name not in values}
        return {**values, **counts}

    @cached_property
    def _kind(self) -> Kind:
        return kind_of(self.recipe.reducer)

    @cached_property
    def _late(self) -> Mapping[str, Formula]:
        return dict(self.recipe.late)

    @cached_property
    def _observed(self) -> Mapping[str, Observations]:
        """Bands of the scenes as they are stored, and what is computed of each scene, physical."""
        found = {name: Observations(band.stored, band.nodata) for name, band in self.stack.bands.items()}
        return {**found, **{name: self._computed(formula) for name, formula in self.recipe.early}}

    def _computed(self, formula: Formula) -> Observations:
        """Values of each scene, one after the other: memory holds one on the way."""
        first = self.stack.bands[formula.names[0]].stored
        values = np.empty(first.shape, np.float64)
        for number, made in enumerate(values):
            bands = {name: self._physical(name, self.stack.bands[name].stored[number]) for name in formula.names}
            made[...] = formula.values(bands)
        return Observations(values)

    @cached_property
    def _reduced(self) -> Mapping[str, tuple[Pixels, Pixels]]:
        """(y, x) of each band's composite and of the places of the observations that it is of, -1 for none or several.

        Composites that go into the cube as they are have their band's own type; others are float64, NaN where empty.
        """
        names = list(dict.fromkeys(name for band in self.recipe.values for name in self._made_of(band.name)))
        plain = [name for name in names if self._is_plain(name)]
        if self._kind.way == "medoid" or (self._kind.chooses and len(plain) < len(names)):
            plain = []  # one observation is chosen for all bands
        other = [name for name in names if name not in plain]
        return {**self._composite(plain, None), **self._composite(other, np.float64)}

    def _composite(self, names: Sequence[str], dtype: type | None) -> dict[str, tuple[Pixels, Pixels]]:
        if not names:
            return {}
        if self._kind.way == "medoid":
            return self._medoid(names)
        made = composite(
            [self._observed[name] for name in names],
            self._kind,
            usable=self.usable,
            quality=None if self.recipe.quality is None else self._observed[self.recipe.quality],
            dtype=dtype,
        )
        sources = made.sources or tuple(np.full(values.shape, -1, np.int16) for values in made.values)
        return {name: (values, of) for name, values, of in zip(names, made.values, sources, strict=True)}

    def _medoid(self, names: Sequence[str]) -> dict[str, tuple[Pixels, Pixels]]:
        """Distances are those between physical values; the numbers are the stored ones."""
        bands = [self._observed[name] for name in names]
        alike = [
            Observations(self._physical(name, band.pixels)) if name in self.stack.bands else band
            for name, band in zip(names, bands, strict=True)
        ]
        of = composite(alike, self._kind, usable=self.usable).sources[0]
        place = np.maximum(of, 0)[None].astype(np.intp)
        taken = (np.take_along_axis(band.pixels, place, axis=0)[0].astype(np.float64) for band in bands)
        return {name: (np.where(of >= 0, values, np.nan), of) for name, values in zip(names, taken, strict=True)}

    def _value(self, band: BandEncoding) -> Pixels:
        if band.name in self._late:
            formula = self._late[band.name]
            physical = {name: self._physical(name, self._reduced[name][0]) for name in formula.names}
            return encoded(self._coarser(formula.values(physical), band), band)
        values, _ = self._reduced[band.name]
        if band.name not in self.stack.bands:
            return encoded(self._coarser(values, band), band)
        if values.dtype == np.dtype(band.dtype) and self._is_plain(band.name):
            return self._with_nodata(values, band)
        gain, bias = self._packing(band)
        return rounded(self._coarser(values, band) * gain + bias, band)

    def _count(self, band: BandEncoding) -> Pixels:
        first = self.recipe.values[0].name
        if band.name == "source_day":
            return self._days(band, first)
        if band.name == "n_obs":
            seen = self._observed[self.recipe.wanted[0]].has_value()
        else:
            seen = self._observed[self._made_of(first)[0]].has_value()
            seen = seen if self.usable is None else seen & self.usable
        return encoded(self._coarser(seen.sum(axis=0, dtype=np.float64), band), band)

    def _days(self, band: BandEncoding, first: str) -> Pixels:
        """The solar day of the observation that each pixel is of, of the first value's where bands differ."""
        source = self._reduced[self._made_of(first)[0]][1]
        days = np.array([(group.day - _EPOCH).days for group in self.stack.groups], np.float64)
        told = np.where(source >= 0, days[source], np.nan)
        return rounded(self._coarser(told, band), band)

    def _made_of(self, name: str) -> tuple[str, ...]:
        """The composites that a value is computed of; itself if it is one."""
        return self._late[name].names if name in self._late else (name,)

    def _is_plain(self, name: str) -> bool:
        """Whether the composite of a band's stored numbers is what the cube stores."""
        found = [band for band in self.recipe.values if band.name == name and name in self.stack.bands]
        used_later = any(name in formula.names for formula in self._late.values())
        if not found or used_later or self.recipe.factor > 1:
            return False
        band = found[0]
        return self.stack.bands[name].stored.dtype == np.dtype(band.dtype) and self._packing(band) == (1.0, 0.0)

    def _packing(self, band: BandEncoding) -> tuple[float, float]:
        """What a band's stored numbers are multiplied by, and what is added, to be those of the cube."""
        scale, offset = self._meaning(band.name)
        gain, bias = scale / band.scale, (offset - band.offset) / band.scale
        return _tidy(gain), _tidy(bias)

    def _meaning(self, name: str) -> tuple[float, float]:
        """Scale and offset of a band's stored numbers."""
        band = self.stack.bands[name]
        return self.recipe.scale * band.scale, self.recipe.scale * band.offsets[0] + self.recipe.offset

    def _physical(self, name: str, numbers: Pixels) -> NDArray[np.float64]:
        """Values of stored numbers, or of composites of them; NaN where there is none."""
        scale, offset = self._meaning(name)
        values = numbers.astype(np.float64) * scale + offset
        if numbers.dtype == self.stack.bands[name].stored.dtype:
            values[~has_value(numbers, self.stack.bands[name].nodata)] = np.nan
        return values

    def _with_nodata(self, values: Pixels, band: BandEncoding) -> Pixels:
        """The same numbers, with the cube's nodata for the scenes'."""
        missing = self.stack.bands[band.name].nodata
        if missing == band.nodata:
            return values
        there = has_value(values, missing)
        if band.nodata is not None:
            there &= values != band.nodata
        return np.where(there, values, np.dtype(band.dtype).type(band.empty))

    def _coarser(self, values: NDArray[np.float64], band: BandEncoding) -> NDArray[np.float64]:
        """Means of the values below each pixel of the product, the most frequent one of classes and days."""
        if self.recipe.factor == 1:
            return values
        whole = averaged if band.kind != "categorical" else most_frequent
        return whole(values, self.recipe.factor)


def _tidy(number: float) -> float:
    return float(round(number)) if abs(number - round(number)) < _NEARLY else number
