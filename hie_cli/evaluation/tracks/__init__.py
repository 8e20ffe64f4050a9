"""The tracks that can be scored, one module each: a ``Metric`` and its registration."""

from hie_cli.evaluation.tracks.detection_only import DetectionMetric
from hie_cli.evaluation.tracks.metric import Figures, Loaded, Metric
from hie_cli.evaluation.tracks.registry import chosen, known, register
from hie_cli.evaluation.tracks.track1_boxes import BoxTrackMetric
from hie_cli.evaluation.tracks.track2_poses import PoseMetric
from hie_cli.evaluation.tracks.track3_pose_tracks import PoseTrackMetric
from hie_cli.evaluation.tracks.track4_actions import ActionMetric

__all__ = ["Figures", "Loaded", "Metric", "chosen", "known", "register"]

for _metric in (DetectionMetric, BoxTrackMetric, PoseMetric, PoseTrackMetric, ActionMetric):
    register(_metric)
