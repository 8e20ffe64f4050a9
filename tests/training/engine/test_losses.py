import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from hie_cli.training.engine.losses import (
    binary,
    class_balanced,
    class_weights,
    divergence,
    focal,
    plain,
    tf_kd_reg,
    tf_kd_self,
    virtual_teacher,
)

# Logits whose softmax is (.7, .2, .1).
LOGITS = torch.log(torch.tensor([[0.7, 0.2, 0.1]]))
LABEL = torch.tensor([0])


def test_virtual_teacher_softens_probabilities_not_logits():
    # a = .99 on class 0, (1 - .99) / (3 - 1) = .005 on the others; softmax((.99, .005, .005) / 2)
    e = [math.exp(0.99 / 2), math.exp(0.005 / 2), math.exp(0.005 / 2)]
    expected = [v / sum(e) for v in e]
    assert virtual_teacher(LABEL, 3, 2.0)[0].tolist() == pytest.approx(expected)
    assert expected[0] == pytest.approx(0.45001, abs=1e-5)


def test_tf_kd_reg_by_hand():
    e = [math.exp(0.99 / 2), math.exp(0.005 / 2), math.exp(0.005 / 2)]
    t = [v / sum(e) for v in e]
    # KL = sum t log(t / p) with the student's untempered p = (.7, .2, .1); no T^2
    kl = sum(tk * math.log(tk / pk) for tk, pk in zip(t, (0.7, 0.2, 0.1), strict=True))
    expected = (1 - 0.3) * -math.log(0.7) + 0.3 * kl
    found = tf_kd_reg(LOGITS, LABEL, alpha=0.3, temperature=2.0)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_tf_kd_self_by_hand():
    teacher = torch.log(torch.tensor([[0.5, 0.4, 0.1]]))

    def softened(p):  # softmax(log p / 2) = sqrt(p) / sum sqrt(p)
        roots = [math.sqrt(v) for v in p]
        return [v / sum(roots) for v in roots]

    t, s = softened((0.5, 0.4, 0.1)), softened((0.7, 0.2, 0.1))
    kl = sum(a * math.log(a / b) for a, b in zip(t, s, strict=True))
    expected = (1 - 0.4) * -math.log(0.7) + 0.4 * 2.0**2 * kl
    found = tf_kd_self(LOGITS, LABEL, teacher, alpha=0.4, temperature=2.0)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_divergence_is_a_mean_over_the_batch_only():
    # Twice the same row must give the same value, whatever the number of classes.
    teacher, student = torch.tensor([[0.9, 0.1]]), torch.log(torch.tensor([[0.5, 0.5]]))
    one = 0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5)
    assert float(divergence(teacher, student)) == pytest.approx(one, rel=1e-5)
    both = divergence(teacher.repeat(2, 1), student.repeat(2, 1))
    assert float(both) == pytest.approx(one, rel=1e-5)


def test_no_gradient_reaches_the_teacher():
    teacher = LOGITS.clone().requires_grad_()
    student = torch.zeros(1, 3, requires_grad=True)
    tf_kd_self(student, LABEL, teacher, 0.5, 4.0).backward()
    assert teacher.grad is None
    assert student.grad is not None


def test_alpha_0_is_cross_entropy():
    ce = float(cross_entropy(LOGITS, LABEL))
    assert float(tf_kd_reg(LOGITS, LABEL, 0.0, 4.0)) == pytest.approx(ce)
    assert float(tf_kd_self(LOGITS, LABEL, LOGITS * 2, 0.0, 4.0)) == pytest.approx(ce)


def test_tf_kd_with_its_own_weight_of_the_divergence():
    """Logits (2, .5, -1), label 0: ours for m = K, and the published mean over N K times m."""
    logits = torch.tensor([[2.0, 0.5, -1.0]])
    teacher = torch.tensor([[3.0, 0.0, -2.0]])
    assert float(tf_kd_reg(logits, LABEL, 0.3, 2.0)) == pytest.approx(0.291747, abs=1e-6)
    found = tf_kd_self(logits, LABEL, teacher, 0.4, 2.0)
    assert float(found) == pytest.approx(0.257592, abs=1e-6)
    # With a multiplier m = 1 the mean over the K = 3 classes leaves a third of the divergence.
    ce = float(cross_entropy(logits, LABEL))
    kl = (float(found) - 0.6 * ce) / (0.4 * 4)
    published = tf_kd_self(logits, LABEL, teacher, 0.4, 2.0, 0.4 * 4 / 3)
    assert float(published) == pytest.approx(0.6 * ce + 0.4 * 4 / 3 * kl)


def test_tf_kd_weighs_the_classes_in_the_cross_entropy():
    """Two people, classes 0 and 1 of weights 3 and 1; the divergence knows no weights."""
    logits, labels = LOGITS.repeat(2, 1), torch.tensor([0, 1])
    weights = torch.tensor([3.0, 1.0, 1.0])
    # CE: (3 * -log .7 + 1 * -log .2) / (3 + 1)
    weighted = (3 * -math.log(0.7) - math.log(0.2)) / 4
    even = (-math.log(0.7) - math.log(0.2)) / 2
    for loss in (
        lambda w: tf_kd_reg(logits, labels, 0.3, 2.0, 0.5, w),
        lambda w: tf_kd_self(logits, labels, LOGITS.repeat(2, 1) * 2, 0.3, 2.0, 0.5, w),
    ):
        assert float(loss(weights) - loss(None)) == pytest.approx(0.7 * (weighted - even), rel=1e-4)


def test_class_balanced_weights_by_hand():
    # beta = .5: 1 sample: .5 / .5 = 1; 2: .5 / .75 = 2/3; none: 0. Mean over the two seen = 1.
    weights = class_balanced(torch.tensor([1, 2, 0]), beta=0.5)
    assert weights.tolist() == pytest.approx([1 * 2 / (5 / 3), 2 / 3 * 2 / (5 / 3), 0.0])


def test_focal_by_hand():
    assert float(focal(LOGITS, LABEL, 2.0)) == pytest.approx(0.3**2 * -math.log(0.7))
    assert float(focal(LOGITS, LABEL, 0.0)) == pytest.approx(float(cross_entropy(LOGITS, LABEL)))
    logits = LOGITS.repeat(2, 1)
    labels = torch.tensor([0, 1])
    weights = torch.tensor([3.0, 1.0, 1.0])
    # (3 * .3^2 * -log .7 + 1 * .8^2 * -log .2) / (3 + 1)
    expected = (3 * 0.09 * -math.log(0.7) + 0.64 * -math.log(0.2)) / 4
    assert float(focal(logits, labels, 2.0, weights)) == pytest.approx(expected)


def test_label_smoothing_by_hand():
    # .1 of the mass spread over all 3 classes: .9 + .1/3 on the true one
    expected = -(0.9 + 0.1 / 3) * math.log(0.7) - 0.1 / 3 * (math.log(0.2) + math.log(0.1))
    assert float(plain(None, 0.1, 0.0)(LOGITS, LABEL)) == pytest.approx(expected)


def test_each_class_by_itself_by_hand():
    logits, labels = torch.zeros(2, 3), torch.tensor([0, 2])
    # All at p = 1/2: log 2 for each of the 3 classes, whatever the weights and the smoothing.
    assert binary(logits, labels, 0.0, 0.0).item() == pytest.approx(3 * math.log(2))
    assert binary(logits, labels, 0.0, 0.2).item() == pytest.approx(3 * math.log(2))
    # Focal with gamma 2: (1 - 1/2)^2 of it.
    assert binary(logits, labels, 2.0, 0.0).item() == pytest.approx(3 * math.log(2) / 4)
    # Person 0, three times as heavy, is sure of class 0: log(1 + e^-2) + 2 log 2.
    logits = torch.tensor([[2.0, 0, 0], [0, 0, 0]])
    first, second = math.log(1 + math.exp(-2)) + 2 * math.log(2), 3 * math.log(2)
    weights = torch.tensor([3.0, 1.0, 1.0])
    want = (3 * first + second) / 4
    assert binary(logits, labels, 0.0, 0.0, weights).item() == pytest.approx(want)
    assert plain(weights, 0.0, 0.0, True)(logits, labels).item() == pytest.approx(want)


def test_weights_of_classes_as_in_wf_map():
    """4, 1 and 0 samples: 4^-0.5 = 0.5 and 1^-0.5 = 1, scaled by 2 / 1.5 to mean 1."""
    weights = class_weights(torch.tensor([4, 1, 0]), "wf_mAP")
    assert weights.tolist() == pytest.approx([2 / 3, 4 / 3, 0])


def test_classes_may_weigh_alike():
    assert class_weights(torch.tensor([4, 1, 0]), "none") is None
