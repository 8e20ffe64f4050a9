"""What an archive's list of members says before anything is unpacked."""

import zipfile

from hie_cli.formats.archives import MAX_MEMBER_BYTES, zip_problem


def info(name: str, size: int = 1, packed: int = 1) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.file_size, member.compress_size = size, packed
    return member


def test_sizes_are_bounded() -> None:
    assert zip_problem([]) is None
    assert zip_problem([info("a.txt")]) is None
    huge = info("a.txt", MAX_MEMBER_BYTES + 1, MAX_MEMBER_BYTES)
    assert "unpacks to 2147483649 bytes" in str(zip_problem([huge]))
    many = [info(f"{i}.txt", 2 << 30, 2 << 30) for i in range(9)]
    assert "unpacks to 19327352832 bytes" in str(zip_problem(many))
    assert "occurs twice" in str(zip_problem([info("a.txt"), info("a.txt")]))
    locked = info("a.txt")
    locked.flag_bits = 1
    assert "encrypted" in str(zip_problem([locked]))
