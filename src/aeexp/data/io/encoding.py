"""Bytes of a text file in any encoding, as a stream of UTF-8."""

import codecs
import gzip
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from aeexp.data.io.records import single_blanks
from aeexp.data.memory import in_units
from aeexp.errors import UserError

Opener = Callable[[], io.BufferedIOBase]
CHUNK = 1 << 20
LONGEST = 1 << 24  # characters of a line: a million columns and their names
HEAD = 1 << 20  # characters looked at to tell how a file is written
WIDEST = 1 << 27  # characters of a head of few, long lines
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHERS = {
    b"PK\x03\x04": "a workbook or an archive: if it is one, its name must end in .xlsx or .npz",
    b"PAR1": "a Parquet file: its name must end in .parquet",
    b"ARROW1": "an Arrow file: its name must end in .arrow",
    b"\x1f\x8b": "compressed with gzip: its name must end in .gz",
    b"\x93NUMPY": "a NumPy array: its name must end in .npy",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as .xlsx or .csv",
}


@dataclass(frozen=True)
class Source:
    """A text file: how to open it, its encoding, and what of it is read.

    skip: characters before the first row. blanks: runs of blanks become one. most_bytes: that the
    file may have once it is unpacked. longest: characters that a line may have.
    """

    bytes: Opener
    encoding: str
    skip: int = 0
    blanks: bool = False
    most_bytes: float = math.inf
    longest: int = LONGEST

    def head(self) -> str:
        """Return the first whole lines, at least two where there are as many."""
        text, ended = "", True
        for chunk in self.text():
            text += chunk
            if len(text) >= WIDEST or (len(text) >= HEAD and len(text.splitlines()) > 3):
                ended = False
                break
        return text if ended else text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text

    def text(self) -> Iterator[str]:
        """Yield the text, piece by piece.

        Raises:
            UserError: A byte is not of the encoding, or the file or a line is too long.
        """
        pieces = _skipped(_bounded(self._decoded(), self.longest), self.skip)
        return _single_blanks(pieces) if self.blanks else pieces

    def lines(self) -> IO[str]:
        """Return the text as a file to read lines from."""
        return io.TextIOWrapper(self.utf8(), encoding="utf-8", newline="")

    def utf8(self) -> io.BufferedReader:
        """Return the text as bytes of UTF-8."""
        return io.BufferedReader(_Encoded(self.text()), CHUNK)

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        done, mark = 0, "\ufeff"  # of the byte order, which no decoder but utf-8-sig's takes away
        with self.bytes() as stream:
            while True:
                piece = stream.read(CHUNK)
                done += len(piece)
                if done > self.most_bytes:
                    raise _too_large(self.most_bytes)
                try:
                    text = decoder.decode(piece, final=not piece)
                except UnicodeDecodeError as error:
                    offset = done - len(error.object) + error.start
                    raise _undecodable(self.bytes, self.encoding, offset) from error
                if "\0" in text:
                    message = "it holds NUL characters, which no text does: is it a table of text?"
                    raise UserError(message)
                yield text.removeprefix(mark)
                mark = mark if not text else ""
                if not piece:
                    return


class _Encoded(io.RawIOBase):
    """Pieces of text as a raw stream of UTF-8."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.pieces = pieces
        self.left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.left:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.left = memoryview(piece.encode())
        count = min(len(buffer), len(self.left))
        buffer[:count] = self.left[:count]
        self.left = self.left[count:]
        return count


def opener(path: Path) -> Opener:
    """Return what opens a text file, unpacked if it is compressed."""
    return lambda: gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")


def encoding(start: bytes) -> str:
    """Return the encoding that a text file's first bytes speak for.

    Raises:
        UserError: They are those of another kind of file.
    """
    for magic, what in OTHERS.items():
        if start.startswith(magic):
            message = f"it is {what}."
            raise UserError(message)
    for mark, name in MARKS.items():
        if start.startswith(mark):
            return name
    half = len(start) // 2
    if half and start[1::2].count(0) > half / 2 > start[::2].count(0):
        return "utf-16-le"
    if half and start[::2].count(0) > half / 2 > start[1::2].count(0):
        return "utf-16-be"
    return "utf-8"


def _bounded(pieces: Iterator[str], longest: int) -> Iterator[str]:
    """Yield a text whose lines are not too long: a parser holds each of them whole, many times."""
    length = 0
    for piece in pieces:
        end = max(piece.rfind("\n"), piece.rfind("\r"))
        length = len(piece) - end - 1 if end >= 0 else length + len(piece)
        if length > longest:
            message = (
                f"it has a line of more than {longest:,} characters: is it a table with a row a"
                " line? If so, raise dataset.max_line."
            )
            raise UserError(message)
        yield piece


def _too_large(most: float) -> UserError:
    return UserError(
        f"it unpacks to more than {in_units(most)}: take fewer rows or columns, unpack it, or"
        " raise dataset.max_bytes."
    )


def _undecodable(opened: Opener, name: str, offset: int) -> UserError:
    """Return the error of a byte that is not of an encoding, with the line that it is in."""
    ends, left, last = 0, offset, b""
    with opened() as stream:
        while left:
            piece = stream.read(min(left, CHUNK))
            left -= len(piece)
            # a carriage return and a line feed end one line, in whichever pieces they are
            ends += piece.count(b"\r") + piece.count(b"\n") - (last + piece).count(b"\r\n")
            last = piece[-1:]
        wrong = stream.read(1)
    value = f" (0x{wrong[0]:02X})" if wrong else ""
    return UserError(
        f"byte {offset}{value}, in line {ends + 1}, is not {name}: say how the file is encoded,"
        " such as dataset.encoding=latin-1."
    )


def _skipped(pieces: Iterator[str], skip: int) -> Iterator[str]:
    for piece in pieces:
        if skip < len(piece):
            yield piece[skip:]
        skip = max(0, skip - len(piece))


def _single_blanks(pieces: Iterator[str]) -> Iterator[str]:
    """Yield lines whose fields one blank separates, and none begins or ends."""
    rest = ""
    for piece in pieces:
        whole, end, rest = (rest + piece).rpartition("\n")
        yield single_blanks(whole + end)
    yield single_blanks(rest)
