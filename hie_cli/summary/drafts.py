"""Drafts to be corrected: chosen frames as pictures, our predictions in a layout of truth."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hie_cli.core.progress import progress
from hie_cli.core.types import Image, People, VideoInfo
from hie_cli.formats.documents.annolist_truth import truth_of_people
from hie_cli.formats.sequence import SequenceFrame, VideoSequence
from hie_cli.formats.writers import write
from hie_cli.rendering.sheet import save_png
from hie_cli.summary.crowd import likely
from hie_cli.video.sources import VideoSource

LAYOUTS = ("coco", "hieve-xml", "hieve-json")
DRAFTS, IMAGES = "drafts", "images"


def picture(folder: Path, name: str, index: int) -> Path:
    """Where a chosen frame's picture lies."""
    return folder / IMAGES / name / f"{index:06d}.png"


def write_drafts(
    folder: Path, video: Path, info: VideoInfo, known: dict[int, People | None],
    pose: Callable[[Image], People], to: str,
) -> list[Path]:  # fmt: skip
    """Pictures and drafts of one video's chosen frames, in place of those of an earlier choice.

    known: our predictions by frame number, None where ``pose`` has to make them · to: one of
    ``LAYOUTS``. Returns the files.
    """
    forget_drafts(folder, info.name)
    files: list[Path] = []
    people: dict[int, People] = {}
    last = max(known)
    for frame in progress(VideoSource(video), f"{info.name}: images", last + 1):
        if frame.index in known:
            files.append(picture(folder, info.name, frame.index))
            save_png(files[-1], frame.image)
            said = known[frame.index]
            people[frame.index] = pose(frame.image) if said is None else said
        if frame.index >= last:
            break
    return [*files, *write(_draft(info, people, to), folder / DRAFTS, to, overwrite=True).files]


def forget_drafts(folder: Path, name: str) -> None:
    """Remove what an earlier choice left of a video: its pictures, and its drafts of any layout."""
    for old in (folder / IMAGES / name).glob("[0-9]*.png"):
        old.unlink()
    for old in drafts_of(folder, name):
        old.unlink()


def drafts_of(folder: Path, name: str) -> list[Path]:
    """The drafts of a video that are there: a file of its name, or a folder of files."""
    found = [folder / DRAFTS / f"{name}.json", *(folder / DRAFTS / name).glob("*.*")]
    return sorted(path for path in found if path.is_file())


def _draft(info: VideoInfo, people: dict[int, People], to: str) -> VideoSequence:
    """Predictions as truth to be corrected.

    COCO knows a frame by its image, so only the chosen ones are in it; HiEve by its number.
    """
    frames = []
    for place, index in enumerate(sorted(people)):
        truth = truth_of_people(people[index])
        if to == "coco":
            image = f"{IMAGES}/{info.name}/{index:06d}.png"
            frames.append(SequenceFrame(place, people[index], replace(truth, image=image)))
        else:
            frames.append(SequenceFrame(index, people[index], truth))
    count = len(frames) if to == "coco" else (info.num_frames or frames[-1].index + 1)
    count = max(count, frames[-1].index + 1)
    return VideoSequence(
        info.name, tuple(frames), count, info.width, info.height, info.fps, is_truth=True
    )


def poser(device: str) -> Callable[[Image], People]:
    """Who is in a picture, with joints, by the preset ``balanced``: few pictures, to be good."""
    from hie_cli.pipeline import single_stages
    from hie_cli.pipeline.settings import load_chain

    config = load_chain("balanced")

    def pose(image: Image) -> People:
        people = likely(single_stages.detect_image(image, config=config, device=device))
        return (
            single_stages.pose_image(image, people, config=config, device=device)
            if len(people)
            else people
        )

    return pose
