import torch

from hie_cli.models.networks.nanodet import NanoDet
from hie_cli.training.detect.slices import half_of


def test_a_network_whose_other_half_is_dead_is_kept_exactly():
    """Where the left-out filters give nothing, slices compute what the whole network computed."""
    torch.manual_seed(0)
    wide = NanoDet()
    with torch.no_grad():
        for name, layer in wide.named_modules():
            if isinstance(layer, torch.nn.Conv2d) and not name.startswith("heads"):
                count = layer.out_channels
                dead = torch.randperm(count)[: count // 2]
                if name.startswith("lateral"):  # the levels are added: one choice for all
                    dead = torch.arange(0, count, 2)
                layer.weight[dead] = 0
                layer.bias[dead] = 0
        for head in wide.heads:
            head[0][0].weight[::2] = 0
            head[0][0].bias[::2] = 0
    narrow = half_of(wide)
    image = torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8)
    with torch.no_grad():
        for one, other in zip(wide.logits(image), narrow.logits(image), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_it_is_about_a_quarter_as_large():
    whole, half = (sum(p.numel() for p in NanoDet(w).parameters()) for w in (1.0, 0.5))
    assert 0.24 < half / whole < 0.28
