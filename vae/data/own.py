"""Images that a user brings: arrays in an .npz file, or a folder of pictures."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vae.checks import boolean, file_name, name_of_files, require, whole_number
from vae.errors import InputError
from vae.files import reading, sha256

FEWEST = {"train": 100, "validation": 20, "test": 20}
SHARES = {"validation": 0.15, "test": 0.15}  # of the images, where nothing says which
SMALLEST, LARGEST = 4, 512  # pixels of a side
PNG_LEVELS = 256
KEYS = ("images", "labels", "split", "levels")


@dataclass(frozen=True)
class OwnData:
    """Where a user's images are.

    Attributes:
        name: how files and tables call the dataset.
        path: an .npz file with ``images``, uint8 (N, H, W) or (N, H, W, C), and perhaps
            ``labels`` (N,), ``split`` (N,), each train, validation or test, and ``levels``.
        folder: pictures, in one subfolder per class or in none; instead of ``path``.
        size: pixels of a side that pictures are cropped and scaled to; None if all are alike.
        colour: whether pictures keep their colours.
    """

    name: str
    path: str | None = None
    folder: str | None = None
    size: int | None = None
    colour: bool = False

    def __post_init__(self) -> None:
        name_of_files(self.name, "datasets.name")
        where = f"datasets.{self.name}"
        require(
            (self.path is None) != (self.folder is None),
            f"{where}: give either path, an .npz file, or folder, with pictures",
        )
        file_name(self.source, f"{where}.{'path' if self.path else 'folder'}")
        boolean(self.colour, f"{where}.colour")
        if self.size is not None:
            whole_number(self.size, f"{where}.size", SMALLEST, LARGEST)
        require(
            self.folder is not None or (self.size is None and not self.colour),
            f"{where}: size and colour are of a folder; an .npz file's images stay as they are",
        )

    @property
    def source(self) -> str:
        """The file or folder."""
        return self.path if self.path is not None else self.folder

    def expect(self) -> None:
        """Check that the file or folder is there.

        Raises:
            InputError: naming it, if it is not.
        """
        where, path = f"datasets.{self.name}", Path(self.source)
        there, kind = (path.is_file(), "file") if self.path else (path.is_dir(), "folder")
        require(there, f"{where}: {path} is no {kind}: correct its name, or make it first")

    @property
    def options(self) -> list[str]:
        """The options of ``prepare`` that say the same."""
        size = ["--size", str(self.size)] if self.size is not None else []
        kind = "--path" if self.path is not None else "--folder"
        return [kind, self.source, *size, *(["--colour"] if self.colour else [])]

    @property
    def files(self) -> list[str]:
        """What a change of the images shows in: the file, or the folder and its subfolders."""
        if self.path is not None:
            return [self.path]
        inside = Path(self.folder).rglob("*") if Path(self.folder).is_dir() else ()
        return [self.folder, *sorted(str(path) for path in inside if path.is_dir())]


@dataclass(frozen=True)
class Collection:
    """Images as they were found.

    Attributes:
        images: uint8 (N, C, H, W).
        classes: the class of every image, 0, 1, … (N,); all 0 if nobody named any.
        names: of the classes.
        split: train, validation or test for every image, (N,); None if it is to be drawn.
        sha256: of the file, or of all pictures with their names.
    """

    images: np.ndarray
    classes: np.ndarray
    names: Sequence[str]
    split: np.ndarray | None
    levels: int
    sha256: str


def read_own(data: OwnData) -> Collection:
    """Read what ``data`` names.

    Raises:
        InputError: saying what is wrong with which file, if it cannot be used.
    """
    if data.path is not None:
        return read_arrays(Path(data.path))
    return read_folder(Path(data.folder), data.size, data.colour)


def read_arrays(path: Path) -> Collection:
    """Read an .npz file; see ``OwnData``."""
    with (
        reading(path, f"write it with numpy.savez, arrays {', '.join(KEYS)}"),
        path.open("rb") as file,
    ):
        loaded = np.load(file)
        if not isinstance(loaded, Mapping):
            raise InputError(f"{path} holds one array: write it with numpy.savez(path, images=…)")
        arrays = {key: loaded[key] for key in loaded if key in KEYS}
        unknown = sorted(set(loaded) - set(KEYS))
    require(
        not unknown, f"{path}: unknown array {', '.join(unknown)}; known are {', '.join(KEYS)}"
    )
    require("images" in arrays, f"{path} holds no array called images: name it so")
    images = _checked_images(arrays["images"], path)
    for key in ("labels", "split"):
        shape = arrays[key].shape if key in arrays else (len(images),)
        require(
            shape == (len(images),),
            f"{path}: {key} of shape {shape} for {len(images)} images; have one for each",
        )
    levels = _levels(arrays.get("levels"), images, path)
    classes, names = _classes(arrays.get("labels", np.zeros(len(images), int)), path)
    return Collection(
        images, classes, names, _split(arrays.get("split"), path), levels, sha256(path)
    )


def _checked_images(images: np.ndarray, path: Path) -> np.ndarray:
    """As uint8 (N, C, H, W)."""
    require(
        images.dtype == np.uint8,
        f"{path}: images are {images.dtype}; make them whole numbers from 0 to 255, uint8, "
        "as in (255 * images).round().astype('uint8') if they are in [0, 1]",
    )
    require(
        images.ndim == 3 or (images.ndim == 4 and images.shape[-1] in (1, 3)),
        f"{path}: images have the shape {images.shape}; make it (N, H, W), or (N, H, W, C) with "
        "1 or 3 channels",
    )
    images = images[..., None] if images.ndim == 3 else images
    sides = images.shape[1:3]
    require(
        min(sides) >= SMALLEST and max(sides) <= LARGEST,
        f"{path}: images of {sides[0]}x{sides[1]} pixels; have {SMALLEST} to {LARGEST} a side",
    )
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def _levels(levels: np.ndarray | None, images: np.ndarray, path: Path) -> int:
    highest = int(images.max(initial=0))
    if levels is None:
        require(
            highest > 1,
            f"{path}: no pixel is above {highest}, of 256 grey levels; multiply by 255, or "
            "say how many levels there are by an array levels, such as numpy.uint16(2)",
        )
        return PNG_LEVELS
    fits = levels.ndim == 0 and levels.dtype.kind in "iu" and highest < levels <= PNG_LEVELS
    require(
        bool(fits and levels >= 2),
        f"{path}: levels must be one whole number above the highest pixel, {highest}, at most 256",
    )
    return int(levels)


def _classes(labels: np.ndarray, path: Path) -> tuple[np.ndarray, list[str]]:
    require(
        labels.dtype.kind in "iuUb",
        f"{path}: labels are {labels.dtype}; make them whole numbers or texts",
    )
    names, classes = np.unique(labels, return_inverse=True)
    return classes.astype(np.int64), [str(name) for name in names]


def _split(split: np.ndarray | None, path: Path) -> np.ndarray | None:
    if split is None:
        return None
    unknown = sorted(set(map(str, split)) - set(FEWEST))
    require(
        not unknown,
        f"{path}: unknown split {', '.join(unknown[:3])}; each is one of {', '.join(FEWEST)}",
    )
    return split.astype(str)


def read_folder(folder: Path, size: int | None, colour: bool) -> Collection:
    """Read every picture below ``folder``: a class per subfolder, or none if it has none."""
    require(folder.is_dir(), f"{folder} is no folder: correct its name, or make it first")
    known = Image.registered_extensions()
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in known)
    require(
        bool(paths),
        f"{folder} holds no picture that Pillow reads by its name's ending (.png, .jpg, …)",
    )
    pictures = [_picture(path, size, colour) for path in paths]
    for path, picture in zip(paths, pictures, strict=True):
        require(
            picture.shape == pictures[0].shape,
            f"{path} has {_sides(picture)} pixels, {paths[0]} has {_sides(pictures[0])}: give a "
            "size, to which all are cropped and scaled",
        )
    images = _checked_images(np.stack(pictures), folder)
    subfolders = [path.relative_to(folder).parts[0] for path in paths if path.parent != folder]
    require(
        len(subfolders) in (0, len(paths)),
        f"{folder} has pictures both in subfolders, which are classes, and beside them: "
        "move them all into subfolders, or all out of them",
    )
    classes, names = _classes(np.array(subfolders or [folder.name] * len(paths)), folder)
    state = hashlib.sha256()
    for path in paths:
        state.update(f"{path.relative_to(folder)} {sha256(path)}\n".encode())
    return Collection(images, classes, names, None, PNG_LEVELS, state.hexdigest())


def _picture(path: Path, size: int | None, colour: bool) -> np.ndarray:
    """uint8 (H, W, C), turned as its camera says."""
    try:
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened)
            deep = picture.mode.startswith(("I", "F"))
            require(not deep, f"{path} has more than 8 bits per pixel: convert it to 8")
            picture = picture.convert("RGB" if colour else "L")
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
        reason = " ".join(str(error).split())[:100]
        raise InputError(
            f"{path} is no readable picture ({reason}): replace or remove it"
        ) from None
    except Image.DecompressionBombError:
        raise InputError(f"{path} is too large to be safe: make it smaller") from None
    if size is not None:
        picture = ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS)
    return np.asarray(picture).reshape(picture.height, picture.width, -1)


def _sides(picture: np.ndarray) -> str:
    return f"{picture.shape[0]}x{picture.shape[1]}"


def draw_split(count: int, seed: int) -> np.ndarray:
    """train, validation or test for each of ``count`` images, in shares of ``SHARES``."""
    order = np.random.default_rng(seed).permutation(count)
    split = np.full(count, "train", dtype="<U10")
    start = 0
    for name, share in SHARES.items():
        end = start + round(share * count)
        split[order[start:end]] = name
        start = end
    return split


def split_up(
    found: Collection, source: str, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Images and classes of every split: as ``found`` says, or drawn, and then in a drawn order.

    Folders come class by class, and the first images stand for all in pictures.

    Raises:
        InputError: if a split has too few images, or a class is in none of the training images.
    """
    count = len(found.images)
    split, order = found.split, np.arange(count)
    if split is None:
        split, order = draw_split(count, seed), np.random.default_rng([seed, 1]).permutation(count)
    chosen = {name: order[split[order] == name] for name in FEWEST}
    arrays = {name: (found.images[rows], found.classes[rows]) for name, rows in chosen.items()}
    for name, (images, _) in arrays.items():
        require(
            len(images) >= FEWEST[name],
            f"{source}: {len(images)} of {len(found.images)} images are for {name}, too few; "
            f"have {FEWEST[name]} or more",
        )
    absent = sorted(set(found.classes.tolist()) - set(arrays["train"][1].tolist()))
    require(
        not absent,
        f"{source}: class {', '.join(found.names[i] for i in absent[:3])} has no training image; "
        "give it more images, or take it out",
    )
    return arrays
