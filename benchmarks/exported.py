"""Detectors beside each other on the same pictures, such as the precisions of one export.

    hie export out/detector --onnx m.onnx --fp16 --int8 crowd.mp4
    hie models import m.onnx --manifest m.yaml               # and so on, each of the three files
    python benchmarks/exported.py DATA out/detector m m-fp16 m-int8

AP at IoU .5 at each model's own size, and the change from the first with its 95 % interval over
pictures. Test sets as in ``train_detector.py``.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from trainings import change, ranked, tests, write_data

from hie_cli.models import registry
from hie_cli.training.data.items import find_items
from hie_cli.training.data.mix import read_mix
from hie_cli.training.engine.pixel_store import PixelFile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--tests", type=int, default=4, help="rendered crowds to test on")
    options = parser.parse_args()
    detectors = [registry.load_detector(name, "cpu") for name in options.models]
    for name, sources in tests(options.data.resolve(), options.tests).items():
        with TemporaryDirectory() as folder, PixelFile(Path(folder)) as store:
            mix = read_mix(write_data(Path(folder) / "test.yaml", sources))
            items = find_items(mix, store, 1280).validation
            found = [
                ranked([detector.detect([item.image()])[0] for item in items], items)
                for detector in detectors
            ]
        print(f"{name}: {len(items)} pictures")
        for model, each in zip(options.models, found, strict=True):
            gain, low, high = change(found[:1], [each])
            print(f"  {model:24s} AP50 {each.ap():.3f}  {gain:+.3f} [{low:+.3f}, {high:+.3f}]")


if __name__ == "__main__":
    main()
