"""``pose-stream``: joints over time by graph and temporal convolutions, neighbours by attention.

After S. Yan et al., Spatial Temporal Graph Convolutional Networks (AAAI 2018), with a learned
addition to the skeleton's graph (L. Shi et al., 2s-AGCN, CVPR 2019); small enough for a CPU.
"""

import torch
from torch import Tensor, nn

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.skeletons import BONES, NUM_JOINTS
from hie_cli.recognition.learned.pose_clips import BOX_CHANNELS, JOINT_CHANNELS, PAIR_CHANNELS


def skeleton_graph() -> Tensor:
    """Row-normalised adjacency (14, 14) of the bones and each joint itself."""
    graph = torch.eye(NUM_JOINTS)
    for a, b in BONES:
        graph[a, b] = graph[b, a] = 1
    return graph / graph.sum(1, keepdim=True)


class GraphBlock(nn.Module):
    """Graph convolution over the joints, then a temporal one of 5 instants; residual."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.graph = nn.Parameter(torch.zeros(NUM_JOINTS, NUM_JOINTS))
        self.register_buffer("bones", skeleton_graph(), persistent=False)
        self.near = nn.Conv2d(inputs, outputs, 1)
        self.own = nn.Conv2d(inputs, outputs, 1)
        self.norm = nn.BatchNorm2d(outputs)
        self.time = nn.Conv2d(outputs, outputs, (5, 1), (stride, 1), (2, 0))
        self.time_norm = nn.BatchNorm2d(outputs)
        self.skip: nn.Module = nn.Identity()
        if inputs != outputs or stride != 1:
            self.skip = nn.Conv2d(inputs, outputs, 1, (stride, 1))

    bones: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, T, 14) -> (N, C', T', 14)."""
        mixed = x @ (self.bones + self.graph).T
        hidden = torch.relu(self.norm(self.near(mixed) + self.own(x)))
        return torch.relu(self.time_norm(self.time(hidden)) + self.skip(x))


class NeighbourAttention(nn.Module):
    """Every person attends to the others in the frame, knowing where they are from here."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.place = nn.Sequential(
            nn.Linear(PAIR_CHANNELS, width), nn.ReLU(), nn.Linear(width, width + heads)
        )
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, width))

    def forward(self, people: Tensor, pairs: Tensor, real: Tensor) -> Tensor:
        """people (B, N, W), pairs (B, N, N, 11), real (B, N) bool -> (B, N, W)."""
        b, n, w = people.shape
        h = self.heads
        query = self.query(people).view(b, n, 1, h, w // h)
        key, value = self.key_value(people).chunk(2, -1)
        placed = self.place(pairs)
        offset, bias = placed[..., :w].view(b, n, n, h, w // h), placed[..., w:]
        key = key.view(b, 1, n, h, w // h) + offset
        weight = (query * key).sum(-1) / (w // h) ** 0.5 + bias
        # Oneself is always a candidate, so that who is alone attends to somebody.
        weight = weight.masked_fill(~real[:, None, :, None], -1e4).softmax(2)
        value = value.view(b, 1, n, h, w // h) + offset
        gathered = (weight[..., None] * value).sum(2).reshape(b, n, w)
        seen = torch.cat([people, self.out(gathered)], -1)
        mixed: Tensor = self.norm(people + self.mix(seen))
        return mixed


class PoseStream(nn.Module):
    """Scores of all people of a scene from their joints, boxes and places."""

    def __init__(self, width: int = 96, channels: tuple[int, ...] = (16, 32, 64)) -> None:
        super().__init__()
        self.first = nn.BatchNorm1d(NUM_JOINTS * JOINT_CHANNELS)
        blocks: list[nn.Module] = []
        inputs = JOINT_CHANNELS
        for k, outputs in enumerate(channels):
            blocks.append(GraphBlock(inputs, outputs, 2 if k < 2 else 1))
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.box = nn.Sequential(
            nn.Conv1d(BOX_CHANNELS, 32, 5, 1, 2), nn.BatchNorm1d(32), nn.ReLU(),
            nn.Conv1d(32, 48, 5, 2, 2), nn.BatchNorm1d(48), nn.ReLU(),
            nn.Conv1d(48, 64, 5, 2, 2), nn.BatchNorm1d(64), nn.ReLU(),
        )  # fmt: skip
        self.join = nn.Sequential(nn.Linear(3 * inputs + 2 * 64, width), nn.LayerNorm(width))
        self.neighbours = nn.ModuleList(NeighbourAttention(width, 4) for _ in range(2))
        self.drop = nn.Dropout(0.2)
        self.classify = nn.Linear(2 * width, NUM_ACTIONS)

    def forward(self, joints: Tensor, boxes: Tensor, pairs: Tensor, real: Tensor) -> Tensor:
        """Logits (M, 14) of the M people of B scenes that are ``real`` (B, N) and not padding.

        joints (B, N, T, 14, 6), boxes (B, N, T, 8), pairs (B, N, N, 11).
        """
        alone = self.describe(joints[real], boxes[real])
        people = alone.new_zeros(*real.shape, alone.shape[-1])
        people[real] = alone
        context = people
        for layer in self.neighbours:
            context = layer(context, pairs, real)
        logits: Tensor = self.classify(self.drop(torch.cat([people, context], -1)))
        return logits[real]

    def describe(self, joints: Tensor, boxes: Tensor) -> Tensor:
        """Each person by themselves: (M, T, 14, 6) and (M, T, 8) -> (M, W)."""
        m, t = joints.shape[:2]
        flat = self.first(joints.reshape(m, t, -1).transpose(1, 2))
        x = self.blocks(flat.view(m, NUM_JOINTS, JOINT_CHANNELS, t).permute(0, 2, 3, 1))
        middle = x[:, :, x.shape[2] // 2].mean(-1)
        motion = self.box(boxes.transpose(1, 2))
        parts = [x.mean((2, 3)), x.amax((2, 3)), middle, motion.mean(2), motion.amax(2)]
        described: Tensor = self.join(torch.cat(parts, -1))
        return described
