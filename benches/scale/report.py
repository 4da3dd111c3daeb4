"""Figures beside their goals: as text, as JSON, and as a chart."""

import json
from collections import Counter
from pathlib import Path

BAR, LINE, LEFT, TOP = 260, 30, 580, 60
COLOURS = {True: "#2e7d32", False: "#c62828", None: "#546e7a"}


class Report:
    """Every figure so far; each is printed as soon as it is known."""

    def __init__(self):
        self.lines = []

    def say(self, words):
        print(f"      {words}", flush=True)

    def figure(self, row, what, measured, unit, goal=None, at_least=False):
        """One figure. Without a goal it is there to be compared with."""
        reached = None
        if goal is not None:
            reached = measured >= goal if at_least else measured <= goal
        line = {"row": row, "what": what, "measured": measured, "unit": unit, "goal": goal,
                "at_least": at_least, "reached": reached}
        self.lines.append(line)
        word = {True: "ok", False: "NOT REACHED", None: ""}[reached]
        print(f"{row:>3}   {what:<74} {number(measured):>9} {unit:<6} {wanted(line):>14}  {word}".rstrip(), flush=True)

    def closing(self):
        counted = Counter(line["reached"] for line in self.lines)
        print(f"{counted[True]} goals reached, {counted[False]} not reached", flush=True)
        return counted[False] == 0

    def write(self, path):
        Path(path).write_text(json.dumps(self.lines, indent=1) + "\n", encoding="utf-8")

    def draw(self, path):
        Path(path).write_text(chart(self.lines), encoding="utf-8")


def wanted(line):
    if line["goal"] is None:
        return ""
    return f"{'≥' if line['at_least'] else '≤'} {number(line['goal'])} {line['unit']}"


def number(value):
    """Three digits that count."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.1e}"


def part(line):
    """How much of what is allowed was used, or how much of what is wanted is there: one is the goal."""
    goal, measured = line["goal"], line["measured"]
    low, high = (goal, measured) if line["at_least"] else (measured, goal)
    return low / high if high else 0.0


def chart(lines):
    """A bar a goal, each as a part of what its goal allows; the line is the goal."""
    drawn = [line for line in lines if line["goal"] is not None]
    width, height = LEFT + 2 * BAR + 40, TOP + LINE * len(drawn) + 20
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
             f'font-size="13">', f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             '<text x="16" y="24" font-size="16">Measured, as a part of what the goal allows</text>']
    for place, line in enumerate(drawn):
        y = TOP + LINE * place
        long = min(part(line), 2.0) * BAR
        said = f"{number(line['measured'])} {line['unit']} ({wanted(line)})"
        inside = long > BAR
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{escaped(line["what"])}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{max(long, 1):.1f}" height="18" fill="{COLOURS[line["reached"]]}"/>',
            f'<text x="{LEFT + 6 if inside else LEFT + long + 6:.1f}" y="{y + 14}" '
            f'fill="{"#ffffff" if inside else "#000000"}">{escaped(said)}</text>']
    goal = LEFT + BAR
    parts += [f'<line x1="{goal}" y1="{TOP - 12}" x2="{goal}" y2="{height - 16}" stroke="#000000" '
              'stroke-dasharray="4 3"/>', f'<text x="{goal}" y="{TOP - 18}" text-anchor="middle">goal</text>', "</svg>"]
    return "\n".join(parts) + "\n"


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
