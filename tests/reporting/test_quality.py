from hie_cli.reporting.quality import remarks
from tests.support.people_tables import box, table


def warnings(told, shift=0.0):
    return [remark.title for remark in remarks(told, shift) if remark.warning]


def test_nothing_to_say_of_large_people_in_a_still_picture():
    told = table([(t, 0, box(160, 200, 100), "riding") for t in range(40)])
    assert warnings(told) == []
    assert warnings(told, None) == []


def test_each_warning():
    assert warnings(table([])) == ["Nobody was found"]
    large = [(t, 0, box(160, 200, 100), "riding") for t in range(40)]
    assert warnings(table(large), 0.05) == ["The camera moves"]
    assert warnings(table([(t, 0, box(160, 200, 20), "riding") for t in range(40)])) == [
        "Small people"
    ]
    assert warnings(table([(t, 0, box(20, 200, 100), "riding") for t in range(40)])) == [
        "People cut off"
    ]
    assert "Few detections" in warnings(table(large[:15]))
    assert "Short tracks" in warnings(table([(t, t // 5, b, a) for t, _, b, a in large]))
