"""Text files in any encoding, decoded piece by piece and within bounds."""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

import charset_normalizer

from aeexp.data.io.names import shown
from aeexp.data.io.packing import Opener
from aeexp.errors import UserError

CHUNK = 1 << 20  # bytes decoded at a time
LONGEST = 1 << 24  # characters of a line: enough for a million columns and their names
HEAD = 1 << 20  # characters from which the layout of a file is detected
WIDEST = 1 << 27  # characters of the head of a file with few, long lines
START = 1 << 12  # bytes from which the encoding is detected
SAMPLE = 1 << 16  # bytes from which the encoding of an undecodable file is proposed
WORD = 64  # bytes before an undecodable one that may be of the same word
NOT_ASCII = re.compile(rb'[^\s,;"]*[\x80-\xff][^\s,;"]*')
USUAL_ENCODINGS = ("cp1252", "cp437")  # of Windows and of DOS
ASCII = b"a,1"
EXAMPLES, CANDIDATES = 3, 4  # words, encodings
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive. A workbook must end in .xlsx, a NumPy archive in .npz",
    b"PAR1": "a Parquet file. Its name must end in .parquet",
    b"ARROW1": "an Arrow file. Its name must end in .arrow",
    b"\x1f\x8b": "compressed with gzip. Its name must end in .gz",
    b"\x93NUMPY": "a NumPy array. Its name must end in .npy",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook. Save it as .xlsx or .csv",
}


@dataclass(frozen=True)
class TextSource:
    """A text file and how to read it.

    open: opens the file. skip: characters to skip at the start. blanks: whether to replace runs
    of blanks by single ones. longest: the limit of a line, in characters.
    """

    open: Opener
    encoding: str
    skip: int = 0
    blanks: bool = False
    longest: int = LONGEST

    def head(self) -> str:
        """Return the first complete lines: at least two if there are two."""
        text = ""
        for chunk in self.text():
            text += chunk
            if len(text) >= WIDEST or (len(text) >= HEAD and len(text.splitlines()) > 3):
                return text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
        return text

    def text(self) -> Iterator[str]:
        """Yield the text piece by piece.

        Raises:
            UserError: A byte is not in the encoding, or a line is too long.
        """
        pieces = self._skipped(self._bounded(self._decoded()))
        return _single_blanks(pieces) if self.blanks else pieces

    def lines(self) -> IO[str]:
        """Return the text as a file to read lines from."""
        return io.TextIOWrapper(self.utf8(), encoding="utf-8", newline="")

    def utf8(self) -> io.BufferedReader:
        """Return the text as a file of UTF-8."""
        return io.BufferedReader(_Encoded(self.text()), CHUNK)

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        done, mark = 0, "\ufeff"  # the byte order mark, which only utf-8-sig's decoder removes
        with self.open() as stream:
            while True:
                piece = stream.read(CHUNK)
                done += len(piece)
                try:
                    text = decoder.decode(piece, final=not piece)
                except UnicodeDecodeError as error:
                    offset = done - len(error.object) + error.start
                    raise _undecodable(self.open, self.encoding, offset) from error
                if "\0" in text:
                    raise UserError("it contains NUL characters. Is it a text file?")
                yield text.removeprefix(mark)
                mark = mark if not text else ""
                if not piece:
                    return

    def _bounded(self, pieces: Iterator[str]) -> Iterator[str]:
        """Check the length of each line, since parsers hold several copies of a line."""
        length = 0
        for piece in pieces:
            end = max(piece.rfind("\n"), piece.rfind("\r"))
            length = len(piece) - end - 1 if end >= 0 else length + len(piece)
            if length > self.longest:
                raise UserError(
                    f"it has a line of more than {self.longest:,} characters. Is it a table with"
                    " one row per line? If so, raise dataset.max_line."
                )
            yield piece

    def _skipped(self, pieces: Iterator[str]) -> Iterator[str]:
        skip = self.skip
        for piece in pieces:
            if skip < len(piece):
                yield piece[skip:]
            skip = max(0, skip - len(piece))


class _Encoded(io.RawIOBase):
    """Pieces of text as a raw stream of UTF-8."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.pieces = pieces
        self.rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.rest:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.rest = memoryview(piece.encode())
        count = min(len(buffer), len(self.rest))
        buffer[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count


def detect_encoding(open_file: Opener) -> str:
    """Return the encoding of a text file, according to its first bytes.

    Raises:
        UserError: The file has another format.
    """
    with open_file() as stream:
        start = stream.read(START)
    for magic, description in OTHER_FORMATS.items():
        if start.startswith(magic):
            raise UserError(f"it is {description}.")
    for mark, name in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return name
    half = len(start) // 2
    if half and start[1::2].count(0) > half / 2 > start[::2].count(0):
        return "utf-16-le"
    if half and start[::2].count(0) > half / 2 > start[1::2].count(0):
        return "utf-16-be"
    return "utf-8"


def _undecodable(open_file: Opener, encoding: str, offset: int) -> UserError:
    """Return the error for the byte at `offset`, with its line, counted in little memory."""
    ends, remaining, last = 0, offset, b""
    with open_file() as stream:
        while remaining:
            piece = stream.read(min(remaining, CHUNK))
            remaining -= len(piece)
            # a carriage return and a line feed end one line, even in different pieces
            pairs = (last[-1:] + piece).count(b"\r\n")
            ends += piece.count(b"\r") + piece.count(b"\n") - pairs
            last = (last + piece)[-WORD:]
        sample = stream.read(SAMPLE)
    value = f" (0x{sample[0]:02X})" if sample else ""
    readings = [
        f"'{text}' (dataset.encoding={name})" for name, text in _readings(last + sample).items()
    ]
    question = f"Which is right: {' or '.join(readings)}? Set it" if readings else "Set"
    return UserError(
        f"byte {offset}{value} in line {ends + 1} is not {encoding}. {question}"
        f"{'.' if readings else ' dataset.encoding.'}"
    )


def _readings(sample: bytes) -> dict[str, str]:
    """Return the first words beyond ASCII in each probable encoding."""
    found = NOT_ASCII.findall(sample)[:100]
    names = [match.encoding for match in charset_normalizer.from_bytes(b" ".join(found))]
    readings: dict[str, str] = {}
    for name in (*USUAL_ENCODINGS[:1], *names, *USUAL_ENCODINGS[1:]):
        with suppress(UnicodeDecodeError):
            decoded = [word.decode(name) for word in found]
            text = shown(" ".join(list(dict.fromkeys(decoded))[:EXAMPLES]))
            is_ascii_kept = ASCII.decode(name) == ASCII.decode()
            if is_ascii_kept and text not in readings.values() and len(readings) < CANDIDATES:
                readings[name] = text
    return readings


def single_blanks(text: str) -> str:
    """Return lines whose fields are separated by one blank, without blanks at their ends."""
    return re.sub(r"[ \t]+", " ", re.sub(r"(?m)^[ \t]+|[ \t]+(?=[\r\n]|\Z)", "", text))


def _single_blanks(pieces: Iterator[str]) -> Iterator[str]:
    rest = ""
    for piece in pieces:
        lines, end, rest = (rest + piece).rpartition("\n")
        yield single_blanks(lines + end)
    yield single_blanks(rest)
