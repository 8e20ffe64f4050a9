"""Data sets of summaries in the field's layout, made here."""

import numpy as np

from hie_cli.summary.dataset import SummaryVideo, write_dataset
from hie_cli.summary.segmentation import change_points
from hie_cli.summary.selection import shots_of_points


def made_video(number, samples=40, every=15, users=4, numbers=12, seed=None):
    """A video of a few scenes, of which users like one; its features say which."""
    rng = np.random.default_rng(number if seed is None else seed)
    scenes = np.sort(rng.choice(np.arange(4, samples - 4), 4, replace=False))
    scene = np.searchsorted(scenes, np.arange(samples), side="right")
    centres = rng.normal(size=(5, numbers))
    liked = int(rng.integers(5))
    centres[liked] = 3.0 * np.eye(numbers)[0]
    features = centres[scene] + 0.2 * rng.normal(size=(samples, numbers))
    features = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    picks = np.arange(samples) * every
    frames = samples * every - 3
    good = np.repeat(scene == liked, every)[:frames]
    noise = rng.random((users, frames)) < 0.05
    points = change_points(features).points
    shots = shots_of_points(points, picks, frames)
    truth = (scene == liked) * 0.8 + 0.1
    return SummaryVideo(
        f"video_{number}", features, picks, frames, shots, truth.astype(np.float32), good ^ noise
    )


def made_dataset(path, count=4, **how):
    """``count`` such videos in ``path``."""
    videos = [made_video(number, **how) for number in range(1, count + 1)]
    write_dataset(path, videos)
    return videos


def tsv_of(path, videos):
    """TVSum's table of frame scores of these videos: 1 for most frames, 4 for chosen ones."""
    rows = []
    for video in videos:
        for user in video.users:
            scores = ",".join(str(1 + 3 * int(chosen)) for chosen in user)
            rows.append(f"{video.key}\tXX\t{scores}\n")
    path.write_text("".join(rows))
    return path
