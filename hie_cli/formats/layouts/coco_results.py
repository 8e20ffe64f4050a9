"""COCO's list of results, for the images of another COCO file."""

from collections.abc import Callable
from functools import partial

from hie_cli.core.errors import InputError
from hie_cli.formats.layout import FITS, Fit, Layout, ReadOptions
from hie_cli.formats.layouts import coco_tables, json_keys
from hie_cli.formats.reading import by_name
from hie_cli.formats.sequence import ResultSequence
from hie_cli.formats.sources import Source


def _sniff(source: Source) -> Fit:
    if json_keys.broken(source):
        return Fit(0.1, "is broken JSON")
    data = source.json()
    if not isinstance(data, list):
        return Fit(0.1, "is no list of results")
    if not all(isinstance(record, dict) for record in data):
        return Fit(0.6, "is a list, but not of objects with image_id and score")
    return FITS


def _results(files: list[Source], options: ReadOptions) -> dict[str, Callable[[], ResultSequence]]:
    """The sequence is named after the file of its images."""
    named = by_name(files)
    if options.images is not None:
        if len(files) > 1:
            raise InputError(
                f"{files[1].label}: a second list of results for {options.images}; give one of them"
            )
        named = dict.fromkeys([options.images.stem], files[0])
    return {name: partial(_sequence, source, name, options) for name, source in named.items()}


def _sequence(source: Source, name: str, options: ReadOptions) -> ResultSequence:
    data = coco_tables.read_result_list(source, options.images)
    source.forget()
    posed = any("keypoints" in r for group in data.annotations.values() for r in group)
    frames = coco_tables.result_frames(data, data.joints if posed else None)
    return ResultSequence(name, frames, None, coco_tables.dropped(data, data.images))


LAYOUT = Layout("coco-results", "COCO list of results", (".json",), _sniff, None, _results)
