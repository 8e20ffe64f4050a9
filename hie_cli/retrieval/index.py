"""``hie mine index``: videos into an index; adding and resuming are one thing."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hie_cli.core.errors import ConfigError, InputError, input_error
from hie_cli.formats.files import atomic_write, write_error
from hie_cli.formats.locks import Lock
from hie_cli.pipeline.executors.engine import HERE, Engine
from hie_cli.retrieval.codes import Bits
from hie_cli.retrieval.encoder import HashEncoder, load_encoder, projections, save_encoder
from hie_cli.retrieval.features import BACKBONE, Describer
from hie_cli.retrieval.items import LEVELS, Sampling
from hie_cli.retrieval.looking import IndexReport, Look, add_videos
from hie_cli.retrieval.nearest import KINDS, Kind, NearestCodes
from hie_cli.retrieval.nearest import NAME as CODES
from hie_cli.retrieval.shots import ShotSettings
from hie_cli.retrieval.store import NAME, ItemStore

ENCODER = "encoder"
_DIGESTS = ("codes_sha256", "next_codes_sha256")  # of codes.faiss: now, and while it is replaced
MOST_BITS = 1024


@dataclass(frozen=True)
class IndexSettings:
    """What an index is made with; fixed when it is made.

    encoder: folder of a trained head, else projections fitted to the first videos · bits: of such
    a projection · model: the backbone (a trained head knows its own) · kind: of the FAISS index.
    """

    encoder: Path | None = None
    bits: int = 64
    model: str = BACKBONE
    kind: Kind = "flat"
    sampling: Sampling = field(default_factory=Sampling)

    def __post_init__(self) -> None:
        if not 8 <= self.bits <= MOST_BITS or self.bits % 8:
            raise ConfigError(f"--bits {self.bits}: expected a multiple of 8 up to {MOST_BITS}")
        if not self.sampling.levels:
            raise ConfigError("--level: at least one of shots, frames, persons is needed")


def build_index(
    videos: Sequence[Path],
    folder: Path,
    settings: IndexSettings | None = None,
    *,
    documents: dict[str, Path] | None = None,
    device: str = "auto",
    engine: Engine = HERE,
) -> IndexReport:
    """Add videos to the index of ``folder``, which is made where it does not exist.

    Videos that are in it already are passed over, so that an interrupted call goes on where it was.
    settings: of a new index; given for one that exists, they must be its own. documents: track or
    action documents by video name, for crowd statistics and persons. Unreadable videos are told and
    left out. engine: where videos are looked at. Raises ConfigError for other settings or a folder
    that cannot be written, InputError where nothing could be indexed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = Lock(folder / NAME)
    except OSError as error:
        raise write_error(folder, error) from None
    with lock, ItemStore(folder, create=True) as store:
        settings = _settled(store, folder, settings)
        describer = Describer(settings.model, device)
        if (folder / ENCODER).exists():
            own_encoder(store, folder)
        look = Look(settings.model, device, settings.sampling, folder / ENCODER)
        report = add_videos(store, videos, documents or {}, look, engine)
        if not len(store):
            alone = report.failed[0][1] if len(videos) == 1 else ""
            raise InputError(alone or f"{folder}: no video could be indexed; see the lines above")
        _encode(store, folder, describer, settings.bits)
        _, codes = store.codes()
        _publish(store, folder, _grown(store, folder, settings.kind, codes))
        return replace(report, items=len(codes))


def load_codes(store: ItemStore, folder: Path, kind: Kind) -> NearestCodes:
    """The codes of the index's first items, all but those that an interrupted call has added.

    InputError where they are damaged or there are none yet.
    """
    digests = [store.meta[key] for key in _DIGESTS if key in store.meta]
    if not digests:
        raise InputError(f"{folder}: is not finished; run `hie mine index` on it again")
    return NearestCodes.load(folder, kind, *digests)


def _grown(store: ItemStore, folder: Path, kind: Kind, codes: Bits) -> NearestCodes:
    """The index of all codes: the one that is there with those that are new, or built anew."""
    try:
        index = load_codes(store, folder, kind)
    except InputError:
        return NearestCodes.build(codes, kind)
    if index.bits != 8 * codes.shape[1] or not index.takes(len(codes)):
        return NearestCodes.build(codes, kind)
    index.add(codes[len(index) :])
    return index


def _publish(store: ItemStore, folder: Path, index: NearestCodes) -> None:
    """Write codes.faiss. Its digest is known before and after, so that whatever fails between, a
    full disk for one, leaves an index that can be searched.
    """
    data = index.to_bytes()
    digest = hashlib.sha256(data).hexdigest()
    current, following = _DIGESTS
    if store.meta.get(current) == digest:
        return
    store.remember(**{following: digest})
    with atomic_write(folder / CODES, "wb") as file:
        file.write(data)
    store.remember(**{current: digest})


def _encode(store: ItemStore, folder: Path, describer: Describer, bits: int) -> None:
    """Give every item that has none its code; the first time without a trained head, fit one."""
    place = folder / ENCODER
    numbers = store.without_code()
    if numbers and not place.exists():
        vectors = store.vectors(numbers)
        save_encoder(place, projections(vectors, bits, describer.name, describer.sha256))
    encoder = own_encoder(store, folder)
    store.remember(bits=str(encoder.bits), encoder=encoder.sha256)
    while numbers:
        store.set_codes(numbers, encoder.encode(store.vectors(numbers)))
        numbers = store.without_code()


def own_encoder(store: ItemStore, folder: Path) -> HashEncoder:
    """The encoder that an index's codes were made with. InputError, ModelError where it is not."""
    place, again = folder / ENCODER, "make the index anew"
    try:
        encoder = load_encoder(place, again)
    except ConfigError:
        raise input_error(place, "cannot be read", again) from None
    if store.meta.get("encoder", encoder.sha256) != encoder.sha256:
        raise input_error(place, "not the encoder of the index's codes", again)
    return encoder


def _settled(store: ItemStore, folder: Path, given: IndexSettings | None) -> IndexSettings:
    """The index's settings: its own, or, for a new one, those given."""
    head = None
    if given is not None and given.encoder is not None:
        head = load_encoder(given.encoder)
        if head.clip is not None and given.sampling.levels != ("shots",):
            raise ConfigError(
                f"--encoder {given.encoder}: codes clips; leave --level out, or train on images"
            )
        given = replace(given, model=head.backbone, bits=head.bits)
    if "settings" not in store.meta or not len(store):
        settings = given or IndexSettings()
        if head is not None:
            save_encoder(folder / ENCODER, head)
        store.remember(settings=_as_text(settings))
        return settings
    settings = settings_of(store)
    other = None if given is None else _difference(given, settings)
    if head is not None and other is None:
        same = head.sha256 == own_encoder(store, folder).sha256
        other = None if same else "another encoder"
    if other is not None:
        raise ConfigError(
            f"{folder}: is an index of other settings ({other}); leave the options out, or give"
            " another -o"
        )
    return settings


def _difference(given: IndexSettings, own: IndexSettings) -> str | None:
    """The first setting in which an index is other than asked for; None where there is none."""
    asked, has = _values(given), _values(own)
    for name, value in has.items():
        if asked[name] != value:
            return f"{name} is {value}, not {asked[name]}"
    return None


def _values(settings: IndexSettings) -> dict[str, object]:
    """All settings but the encoder's folder, by name."""
    values = dataclasses.asdict(replace(settings, encoder=None))
    sampling = values.pop("sampling")
    return {**values, **sampling.pop("shots"), **sampling, "levels": ", ".join(sampling["levels"])}


def _as_text(settings: IndexSettings) -> str:
    values = dataclasses.asdict(replace(settings, encoder=None))
    return json.dumps(values, sort_keys=True)


def settings_of(store: ItemStore) -> IndexSettings:
    """What an index was made with. InputError where its table does not say."""
    try:
        values = json.loads(store.meta["settings"])
        sampling = values.pop("sampling")
        shots = ShotSettings(**sampling.pop("shots"))
        levels = tuple(sampling.pop("levels"))
        if not set(levels) <= set(LEVELS) or values["kind"] not in KINDS:
            raise ValueError
        return IndexSettings(**values, sampling=Sampling(**sampling, levels=levels, shots=shots))
    except (KeyError, ValueError, TypeError, AttributeError, ConfigError):
        raise input_error(store.path, "its settings are damaged", "make the index anew") from None
