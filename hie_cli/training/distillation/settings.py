"""How a teacher teaches."""

from dataclasses import dataclass
from typing import Annotated, Literal

from hie_cli.core.config import above, between

Method = Literal["imitation", "hints", "boxes", "cwd", "pkd", "labels"]


@dataclass(frozen=True)
class Distillation:
    """With ``--teacher NAME``.

    method: ``imitation`` (of features near people), ``hints`` (everywhere), ``boxes`` (in whole
    boxes), ``cwd``, ``pkd``, or ``labels`` (the teacher's boxes are further people; the only one
    for teachers whose feature maps are not open) · weight: of its loss (None: see ``losses``) ·
    psi: of the imitation's mask · warm_up: steps without it at the start, a tenth of all at most ·
    normaliser: the loss of imitation, hints and boxes is divided by so many times the cells ·
    adapter: how the student's features are brought to the teacher's: ``conv``, ``conv-relu`` (as
    published, for maps after a ReLU), ``none`` · min_score: from which the teacher's boxes count ·
    maps: of an imported ONNX teacher, the names of three values of its graph, for strides 8, 16
    and 32.
    """

    method: Method = "imitation"
    weight: Annotated[float, between(0, 1e6)] | None = None
    psi: Annotated[float, between(0, 1)] = 0.5
    warm_up: Annotated[int, between(0, 1_000_000)] = 400
    normaliser: Annotated[float, above(0)] = 2.0
    adapter: Literal["conv", "conv-relu", "none"] = "conv"
    temperature: Annotated[float, above(0)] = 1.0
    min_score: Annotated[float, between(0, 1)] = 0.5
    maps: tuple[str, ...] = ()
