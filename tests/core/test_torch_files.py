import pickle

import pytest
import torch

from hie_cli.core import torch_files


class Dangerous:
    def __reduce__(self):
        return print, ("should never run",)


def test_tensors_are_read(tmp_path):
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    assert torch_files.plain(tmp_path / "a.pt")["a"].tolist() == [1, 1]


@pytest.mark.parametrize("kind", ["torch", "pickle"])
@pytest.mark.filterwarnings("error")
def test_code_is_not_run_and_nobody_is_told_how_to(tmp_path, kind, capsys):
    path = tmp_path / "a.pt"
    if kind == "torch":
        torch.save({"a": Dangerous()}, path)
    else:
        path.write_bytes(pickle.dumps({"a": Dangerous()}))
    with pytest.raises(ValueError, match="more than tensors"):
        torch_files.plain(path)
    assert capsys.readouterr().out == ""


def test_a_damaged_file_is_one_line(tmp_path):
    torch.save({"a": torch.ones(2000)}, tmp_path / "a.pt")
    data = (tmp_path / "a.pt").read_bytes()
    (tmp_path / "a.pt").write_bytes(data[:3000])
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        torch_files.plain(tmp_path / "a.pt")
