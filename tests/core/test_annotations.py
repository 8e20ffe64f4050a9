import numpy as np
import pytest

from hie_cli.core.annotations import Annotations


def test_annotations() -> None:
    assert len(Annotations.empty()) == 0
    assert Annotations.empty().annotated
    assert not Annotations.empty(annotated=False).annotated
    with pytest.raises(ValueError, match=r"Annotations.visibility: shape \(1, 13\)"):
        Annotations(
            np.zeros((1, 4)), np.zeros(1), np.zeros(1), visibility=np.zeros((1, 13), np.int8)
        )
    for field in ("distractor", "areas", "head_boxes", "actions"):
        with pytest.raises(ValueError, match=rf"Annotations.{field}"):
            Annotations(np.zeros((1, 4)), np.zeros(1), np.zeros(1), **{field: np.zeros(2)})
