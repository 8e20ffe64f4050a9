"""Motions of the body: gait, standing, sitting, riding, fighting, falling, crouching.

Each function gives a motion (T, P) (columns: ``body``) for a person's whole presence. ``dt`` is the
time between frames in seconds.
"""

import numpy as np

from hie_cli.core.geometry import Floats
from hie_cli.simulation import body as b
from hie_cli.simulation.style import Style, between


def wander(rng: np.random.Generator, length: int, dt: float, tau: float, sigma: float) -> Floats:
    """A smooth random signal (T,): an Ornstein-Uhlenbeck process of time constant tau, smoothed."""
    if not length:
        return np.zeros(0)
    keep = float(np.exp(-dt / tau))
    shocks = rng.normal(0, sigma * np.sqrt(1 - keep**2), length)
    value = rng.normal(0, sigma)
    rough = np.empty(length)
    for t, shock in enumerate(shocks):
        value = keep * value + shock
        rough[t] = value
    width = max(1, round(0.3 * tau / dt))
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(rough, (width // 2, width - 1 - width // 2), mode="edge")
    smooth: Floats = np.convolve(padded, window / window.sum(), mode="valid")
    return smooth


def ease(t: Floats, start: float, end: float) -> Floats:
    """0 before ``start``, 1 after ``end``, smooth between; times (T,) s."""
    s = np.clip((np.asarray(t) - start) / max(end - start, 1e-6), 0, 1)
    smooth: Floats = s * s * (3 - 2 * s)
    return smooth


def blend(a: Floats, other: Floats, share: Floats) -> Floats:
    """From motion ``a`` (T, P) (share 0) to ``other`` (share 1); share (T,)."""
    w = share[:, None]
    return (1 - w) * a + w * other


def gait(
    rng: np.random.Generator, style: Style, body: b.Body, distance: Floats, *, run: bool = False
) -> Floats:
    """Walking or running over the travelled ``distance`` (T,) in metres; feet do not slide."""
    hip = between(style.stride, 0.34, 0.5) * rng.uniform(0.92, 1.08)
    if run:
        hip = between(style.stride, 0.6, 0.85) * rng.uniform(0.95, 1.05)
    cycle = 4 * body.leg * np.sin(hip) * (1.45 if run else 1.0)  # a run's flight adds to the step
    phase = 2 * np.pi * np.asarray(distance) / cycle + rng.uniform(0, 2 * np.pi)
    motion = b.still(len(phase))
    fold = between(style.stride, 0.75, 1.0) * (1.9 if run else 1.0)
    for leg, arm, shift in ((b.R_LEG, b.R_ARM, 0.0), (b.L_LEG, b.L_ARM, np.pi)):
        a = phase + shift
        motion[:, leg] = hip * np.sin(a) + (0.18 if run else 0.05)
        motion[:, leg + 2] = 0.1 + fold * np.maximum(0, np.cos(a + 0.3)) ** 1.5
        swing = between(style.swing, 0.1, 0.55) * (1.3 if run else 1.0)
        motion[:, arm] = -swing * np.sin(a)
        motion[:, arm + 2] = (1.45 if run else 0.25) + 0.25 * swing * np.maximum(0, -np.sin(a))
    motion[:, b.LEAN] = between(style.stoop, 0.0, 0.16) + (0.16 if run else 0)
    motion[:, b.TWIST] = 0.1 * np.sin(phase + np.pi) * between(style.swing, 0.5, 1.5)
    if run:
        motion[:, b.LIFT] = 0.07 * body.leg * np.abs(np.cos(phase))
    elif rng.random() < 0.3:
        _carry(rng, motion)
    return motion


def _carry(rng: np.random.Generator, motion: Floats) -> None:
    """One hand occupied: a phone at the face, a bag held, a pocket."""
    arm = b.R_ARM if rng.random() < 0.5 else b.L_ARM
    kind = rng.integers(3)
    motion[:, arm] *= 0.25
    motion[:, arm] += (0.55, 0.1, -0.25)[kind]
    motion[:, arm + 2] = (2.0, 1.2, 0.9)[kind] + 0.1 * rng.normal()


def stand(rng: np.random.Generator, style: Style, length: int, dt: float) -> Floats:
    """Standing alone: sway, glances, shifting weight; arms hang, fold, rest or hold a phone."""
    motion = b.still(length)
    motion[:, b.LEAN] = between(style.stoop, -0.02, 0.14) + wander(rng, length, dt, 2.0, 0.02)
    motion[:, b.SIDE] = wander(rng, length, dt, 3.0, 0.03)
    motion[:, b.TURN] = wander(rng, length, dt, 1.5, 0.4)
    pose = rng.integers(4)
    for arm in (b.R_ARM, b.L_ARM):
        motion[:, arm] += wander(rng, length, dt, 2.0, 0.05)
        if pose == 1:  # arms folded
            motion[:, arm], motion[:, arm + 1], motion[:, arm + 2] = 0.35, 0.1, 1.9
        elif pose == 2:  # hands on the hips
            motion[:, arm], motion[:, arm + 1], motion[:, arm + 2] = -0.25, 0.7, 1.3
    if pose == 3:
        arm = b.R_ARM if rng.random() < 0.5 else b.L_ARM
        motion[:, arm], motion[:, arm + 2] = 0.6, 1.9
        motion[:, b.NOD] = 0.4
    weight = rng.uniform(-1, 1)
    motion[:, b.R_KNEE] += max(0.0, 0.25 * weight)
    motion[:, b.R_LEG] += max(0.0, 0.14 * weight)
    motion[:, b.L_KNEE] += max(0.0, -0.25 * weight)
    motion[:, b.L_LEG] += max(0.0, -0.14 * weight)
    return motion


def talk(rng: np.random.Generator, style: Style, motion: Floats, dt: float) -> Floats:
    """``motion`` with talking hands and a moving head laid over it."""
    length, told = len(motion), motion.copy()
    active = np.clip(wander(rng, length, dt, 1.2, 1.0), 0, 1.5) * between(style.energy, 0.5, 1.1)
    for arm in (b.R_ARM, b.L_ARM):
        if rng.random() < 0.75:
            told[:, arm] += active * (0.45 + wander(rng, length, dt, 0.3, 0.35))
            told[:, arm + 2] += active * (0.8 + wander(rng, length, dt, 0.25, 0.5))
            told[:, arm + 1] += active * np.abs(wander(rng, length, dt, 0.4, 0.3))
    told[:, b.NOD] += wander(rng, length, dt, 0.4, 0.12)
    told[:, b.TURN] = 0.4 * told[:, b.TURN] + wander(rng, length, dt, 0.8, 0.25)
    return told


def sit(rng: np.random.Generator, style: Style, body: b.Body, length: int, dt: float) -> Floats:
    """Sitting on a seat 40-50 cm high, hands on the thighs or before the chest."""
    motion = b.still(length)
    motion[:, b.SEAT] = 1.0
    motion[:, b.SEAT_HEIGHT] = 0.03 * body.height + body.shank * rng.uniform(0.95, 1.1)
    motion[:, b.LEAN] = rng.uniform(-0.2, 0.15) + between(style.stoop, 0.0, 0.3)
    motion[:, b.LEAN] += wander(rng, length, dt, 3.0, 0.04)
    motion[:, b.TURN] = wander(rng, length, dt, 2.0, 0.25)
    stretched = rng.uniform(-0.35, 0.2, 2)
    for leg, reach in ((b.R_LEG, stretched[0]), (b.L_LEG, stretched[1])):
        motion[:, leg] = 1.45 + 0.05 * rng.normal()
        motion[:, leg + 1] = rng.uniform(0.05, 0.25)
        motion[:, leg + 2] = 1.5 + reach
    hold = rng.random() < 0.35
    for arm in (b.R_ARM, b.L_ARM):
        motion[:, arm] = (0.6 if hold else 0.45) + 0.08 * rng.normal()
        motion[:, arm + 2] = (1.6 if hold else 0.8) + 0.15 * rng.normal()
        motion[:, arm] += wander(rng, length, dt, 1.5, 0.04)
    if hold:
        motion[:, b.NOD] = 0.35
    return motion


def ride(rng: np.random.Generator, distance: Floats) -> Floats:
    """On a bicycle (legs turn with the travelled distance) or a scooter (legs rest)."""
    motion = b.still(len(distance))
    motion[:, b.SEAT] = 1.0
    pedals = rng.random() < 0.65
    motion[:, b.SEAT_HEIGHT] = 0.9 if pedals else 0.75
    motion[:, b.LEAN] = rng.uniform(0.2, 0.6) if pedals else rng.uniform(-0.05, 0.2)
    phase = 2 * np.pi * np.asarray(distance) / rng.uniform(4.0, 6.0) + rng.uniform(0, 6.28)
    for leg, shift in ((b.R_LEG, 0.0), (b.L_LEG, np.pi)):
        motion[:, leg] = 1.0 + 0.42 * np.sin(phase + shift) if pedals else 1.35
        motion[:, leg + 2] = 1.25 + 0.5 * np.sin(phase + shift + 0.5) if pedals else 1.55
        motion[:, leg + 1] = 0.06 if pedals else 0.2
    reach = 1.0 + 0.3 * rng.normal() * 0.5
    for arm in (b.R_ARM, b.L_ARM):
        motion[:, arm] = reach
        motion[:, arm + 1] = 0.15
        motion[:, arm + 2] = rng.uniform(0.2, 0.5)
    return motion


def _pulses(rng: np.random.Generator, length: int, dt: float, rate: float, last: float) -> Floats:
    """Single strokes (T,) 0..1 at random times: ``rate`` a second, each ``last`` seconds long."""
    t = np.arange(length) * dt
    out = np.zeros(length)
    now = rng.exponential(1 / rate)
    while now < t[-1] if length else False:
        out = np.maximum(out, np.exp(-(((t - now) / (last / 2)) ** 2)))
        now += max(last, rng.exponential(1 / rate))
    return out


def fight(rng: np.random.Generator, style: Style, length: int, dt: float) -> Floats:
    """Guard, punches, kicks and shoves in quick random order."""
    motion = b.still(length)
    energy = between(style.energy, 0.7, 1.3)
    guard = rng.uniform(0.5, 1.0)
    crouch = np.abs(wander(rng, length, dt, 0.6, 0.15))
    motion[:, b.LEAN] = 0.2 + wander(rng, length, dt, 0.4, 0.2 * energy)
    motion[:, b.SIDE] = wander(rng, length, dt, 0.4, 0.15 * energy)
    motion[:, b.TWIST] = wander(rng, length, dt, 0.3, 0.35 * energy)
    for arm in (b.R_ARM, b.L_ARM):
        hit = _pulses(rng, length, dt, rng.uniform(0.5, 1.3) * energy, 0.32)
        motion[:, arm] = guard + (1.55 - guard) * hit + wander(rng, length, dt, 0.3, 0.2)
        motion[:, arm + 1] = 0.2 + np.abs(wander(rng, length, dt, 0.4, 0.2))
        motion[:, arm + 2] = 1.8 * (1 - hit) + 0.1
    for leg in (b.R_LEG, b.L_LEG):
        step = wander(rng, length, dt, 0.35, 0.22)
        kick = _pulses(rng, length, dt, 0.18 * energy, 0.5)
        motion[:, leg] = step + 1.3 * kick
        motion[:, leg + 1] = 0.15
        motion[:, leg + 2] = 0.2 + crouch + np.maximum(step, 0) * 0.8 + 0.5 * kick
    return motion


def fall(rng: np.random.Generator, before: Floats, t: Floats, start: float) -> Floats:
    """``before`` until the fall at ``start`` seconds, then down on the ground and lying there."""
    length = len(before)
    dt = float(t[1] - t[0]) if length > 1 else 0.04
    last = rng.uniform(0.6, 1.3)
    down = b.still(length)
    way = rng.integers(4)
    if way == 0:
        down[:, b.PITCH] = rng.uniform(1.35, 1.6)
    elif way == 1:
        down[:, b.PITCH] = -rng.uniform(1.35, 1.6)
    else:
        down[:, b.ROLL] = (1 if way == 2 else -1) * rng.uniform(1.35, 1.6)
    struggle = np.exp(-np.maximum(t - start - last, 0) / 1.5)
    for arm in (b.R_ARM, b.L_ARM):
        down[:, arm] = rng.uniform(-0.2, 1.6) + struggle * wander(rng, length, dt, 0.5, 0.25)
        down[:, arm + 1] = rng.uniform(0.1, 0.9)
        down[:, arm + 2] = rng.uniform(0.1, 1.5)
    for leg in (b.R_LEG, b.L_LEG):
        down[:, leg] = rng.uniform(-0.1, 0.9) + struggle * wander(rng, length, dt, 0.6, 0.2)
        down[:, leg + 2] = rng.uniform(0.0, 1.2)
    down[:, b.LEAN] = rng.uniform(-0.1, 0.3)
    flail = np.exp(-(((t - start - last / 2) / (last / 2)) ** 2))
    motion = blend(before, down, ease(t, start, start + last) ** 1.5)
    motion[:, [b.R_ARM, b.L_ARM]] += (0.8 * flail * rng.uniform(0.3, 1.3))[:, None]
    return motion


def crouch(rng: np.random.Generator, style: Style, standing: Floats, dt: float) -> Floats:
    """Down and (perhaps) up again: squatting, kneeling on one knee, or bowing from the hips."""
    length = len(standing)
    low = standing.copy()
    kind = rng.integers(3)
    if kind == 0:
        depth = rng.uniform(1.7, 2.2)
        low[:, [b.R_LEG, b.L_LEG]] = depth
        low[:, [b.R_KNEE, b.L_KNEE]] = depth + 0.15
        low[:, b.LEAN] = rng.uniform(0.4, 0.8)
    elif kind == 1:
        low[:, b.R_LEG], low[:, b.R_KNEE] = 1.4, 1.5
        low[:, b.L_LEG], low[:, b.L_KNEE] = 0.1, 1.7
        low[:, b.LEAN] = rng.uniform(0.2, 0.7)
    else:
        # Folding at the hips: the trunk leans, the legs stay nearly straight.
        low[:, b.LEAN] = rng.uniform(0.9, 1.6)
        low[:, [b.R_KNEE, b.L_KNEE]] = rng.uniform(0.05, 0.5)
        low[:, b.NOD] = 0.3
    busy = between(style.energy, 0.05, 0.25)
    for arm in (b.R_ARM, b.L_ARM):
        low[:, arm] = rng.uniform(0.4, 1.3) + wander(rng, length, dt, 0.7, busy)
        low[:, arm + 2] = rng.uniform(0.2, 1.0) + np.abs(wander(rng, length, dt, 0.7, busy))
    return low


def climb(rng: np.random.Generator, style: Style, distance: Floats, *, up: bool) -> Floats:
    """Stairs: one step of 30 cm per footfall, knees raised high going up."""
    cycle = 0.6 * rng.uniform(0.95, 1.05)
    phase = 2 * np.pi * np.asarray(distance) / cycle + rng.uniform(0, 6.28)
    motion = b.still(len(phase))
    for leg, arm, shift in ((b.R_LEG, b.R_ARM, 0.0), (b.L_LEG, b.L_ARM, np.pi)):
        a = phase + shift
        raised = np.maximum(0, np.sin(a))
        motion[:, leg] = 0.08 + (0.85 if up else 0.5) * raised
        motion[:, leg + 2] = 0.12 + (1.15 if up else 0.8) * raised
        motion[:, arm] = -between(style.swing, 0.1, 0.4) * np.sin(a)
        motion[:, arm + 2] = 0.4
    motion[:, b.LEAN] = (0.18 if up else 0.05) + between(style.stoop, 0.0, 0.12)
    motion[:, b.NOD] = 0.0 if up else 0.3
    return motion
