#!/usr/bin/env python3
"""Run a command on a terminal of its own and draw what it shows there, as an SVG picture.

usage: scripts/picture.py FILE COMMAND [ARG...]

The README's picture is made by

    make && scripts/picture.py scripts/demo.svg make demo

and that of scripts/plot.py, which takes its server from IMD_URL, by

    scripts/chain-gromacs.sh build/chain && PATH=$PWD/build/bin:$PWD/build/ecosystem/bin:$PATH &&
    imdshim run --relay --time-step 0.002 --client 'scripts/picture.py scripts/plot.svg \
        scripts/plot.py' -- gmx mdrun -s build/chain/chain.tpr -deffnm build/chain/seg \
        -nt 1 -imdwait -imdport 0

Nothing is written if the command fails. Of the terminal's control sequences only colours are
known (STYLES), and the full screen, of which nothing stays; a line that is longer than COLUMNS is
continued on the next one.
"""
import fcntl, os, pty, re, struct, sys, termios
from xml.sax.saxutils import escape

COLUMNS, ROWS = 96, 36
FONT, CELL, LINE = 14, 8.43, 21  # pixels; CELL is the widest of the fonts below
MARGIN, BAR = 22, 38
STYLES = {"1": "b", "2": "f", "32": "g",  # SGR: the class of the text
          "38;5;1": "r", "38;5;2": "l", "38;5;5": "m", "38;5;6": "c"}
DRAWN = {"r": "#ff7b72", "l": "#6fe28a", "m": "#d2a8ff", "c": "#56d4dd"}
# Fonts disagree on how wide these are, or lack them: they are drawn as lines, and braille as dots.
BOX = {"─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "┤": "udl", "┬": "lrd"}
ARMS = {"l": f"h{-CELL / 2:.1f}", "r": f"h{CELL / 2:.1f}", "u": f"v{-LINE / 2}", "d": f"v{LINE / 2}"}
DOTS = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]  # place of each bit
GROUP = "[\u2500-\u28ff]+|[^ \u2500-\u28ff]+( [^ \u2500-\u28ff]+)*"
END_OF_FULL_SCREEN = "\x1b[?1049l"

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" \
viewBox="0 0 {width} {height}" role="img">
<title>{title}</title>
<style>
text {{ font: {font}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; \
fill: #d5dce4; white-space: pre }}
.b {{ fill: #ffffff; font-weight: bold }}
.f {{ fill: #8593a3 }}
.g {{ fill: #6fe28a; font-weight: bold }}
path {{ stroke: #5d6b7a; stroke-width: 1.2; fill: none }}
{drawn}
</style>
<rect x=".5" y=".5" width="{inner_width}" height="{inner_height}" rx="9" fill="#12181f" \
stroke="#3b4653"/>
<circle cx="22" cy="20" r="6" fill="#ff5f57"/>
<circle cx="42" cy="20" r="6" fill="#febc2e"/>
<circle cx="62" cy="20" r="6" fill="#28c840"/>
<g xml:space="preserve">
"""


def record(command):
    """Run it on a terminal of this size; return what it wrote there, and its status."""
    child, terminal = pty.fork()
    if child == 0:
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(sys.stdout, termios.TIOCSWINSZ, size)
        os.environ["TERM"] = "xterm"
        os.environ.pop("NO_COLOR", None)
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    written = b""
    try:
        while True:
            part = os.read(terminal, 4096)
            if not part:
                break
            written += part
    except OSError:  # EIO: the last process has closed the terminal
        pass
    return written.decode(errors="replace"), os.waitpid(child, 0)[1]


def runs(line, style=""):
    """Yield the pieces of a line that have one style each: (class, text)."""
    for piece in re.split("(\x1b\\[[0-9;]*m)", line):
        if piece.startswith("\x1b"):
            code = piece[2:-1]
            parts = [code] if code in STYLES else code.split(";")
            codes = [STYLES.get(part, "") for part in parts]
            style = max(codes, key="bfgrlmc".find)
        elif piece:
            yield style, piece


def wrapped(cells):
    """Cut a line, as (class, text) pieces, into lines of at most COLUMNS characters."""
    line, left = [], COLUMNS
    for style, text in cells:
        while len(text) > left:
            yield line + [(style, text[:left])]
            line, text, left = [], text[left:], COLUMNS
        line.append((style, text))
        left -= len(text)
    yield line


def screen(written):
    """The lines of the terminal, each a list of (class, text)."""
    style, lines = "", []
    written = written.rpartition(END_OF_FULL_SCREEN)[2]
    for text in written.replace("\r\n", "\n").rstrip("\n").split("\n"):
        cells = list(runs(text, style))
        style = list(runs(text + "\0", style))[-1][0]  # a colour may last for several lines
        lines += wrapped(cells)
    return lines


def strokes(text, x, y):
    """The path of these characters, the first of which has its upper left corner there."""
    for number, char in enumerate(text):
        left = x + number * CELL
        for arm in BOX.get(char, ""):
            yield f"M{left + CELL / 2:.1f} {y + LINE / 2:.1f}{ARMS[arm]}"
        for bit, (column, row) in enumerate(DOTS):
            if "\u2800" < char <= "\u28ff" and ord(char) >> bit & 1:
                yield f"M{left + CELL * (.25 + column / 2):.1f} {y + LINE * (.125 + row / 4):.1f}h0"


def draw_line(line, y):
    """Each group of words has its place, whatever the width of the font."""
    column = 0
    for style, text in line:
        kind = f' class="{style}"' if style else ""
        for piece in re.finditer(GROUP, text):
            x = MARGIN + (column + piece.start()) * CELL
            if "\u2500" <= piece[0][0] <= "\u28ff":
                yield f'<path{kind} d="{"".join(strokes(piece[0], x, y))}"/>\n'
            else:
                yield f'<text{kind} x="{x:.1f}" y="{y + FONT + 4}">{escape(piece[0])}</text>\n'
        column += len(text)


def draw(lines, title):
    columns = max(sum(len(text) for _, text in line) for line in lines)
    width = round(2 * MARGIN + columns * CELL)
    height = BAR + len(lines) * LINE + MARGIN
    picture = HEAD.format(width=width, height=height, inner_width=width - 1,
                          inner_height=height - 1, font=FONT, title=escape(title),
                          drawn="\n".join(f"path.{kind} {{ stroke: {colour}; stroke-width: 3; "
                                          "stroke-linecap: round }" for kind, colour in DRAWN.items()))
    for number, line in enumerate(lines):
        picture += "".join(draw_line(line, BAR + number * LINE))
    return picture + "</g>\n</svg>\n"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    file, command = sys.argv[1], sys.argv[2:]
    written, status = record(command)
    if status != 0:
        sys.exit(f"{written}\npicture.py: the command failed, {file} is as it was")
    shown = " ".join(command)
    lines = [[("", "$ "), ("b", shown)]] + screen(written)
    with open(file, "w", encoding="utf-8") as output:
        output.write(draw(lines, f"What the terminal shows after {shown}"))


main()
