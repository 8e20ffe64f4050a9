"""Which heights a detector sees, from the record it carries."""

from hie_cli.detection.box_fusion import ALWAYS, RecallByHeight
from hie_cli.models.calibration import HEIGHTS, ScoreCalibration


def recall_by_height(calibration: ScoreCalibration | None, scale: float) -> RecallByHeight:
    """Recall by height in frame pixels; ``scale`` = input pixels per frame pixel.

    A network that is not calibrated sees every height.
    """
    if calibration is None:
        return ALWAYS
    return RecallByHeight(HEIGHTS / scale, calibration.recall_at(scale))
