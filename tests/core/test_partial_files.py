"""Names of unfinished files."""

from hie_cli.core.partial_files import partial_path, partial_paths


def test_each_writer_has_its_own_and_all_are_found(tmp_path):
    target = tmp_path / "a[1].mp4"
    one, other = partial_path(target), partial_path(target)
    assert one != other
    assert one.parent == tmp_path
    assert one.name.startswith(".a[1].mp4.")
    video = partial_path(target, ".mp4")
    assert video.suffix == ".mp4"
    for path in (one, other, video, tmp_path / ".b.mp4.0.partial", target):
        path.touch()
    assert partial_paths(target) == sorted([one, other])
    assert partial_paths(target, ".mp4") == [video]
