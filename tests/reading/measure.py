"""How near a table that was read comes to the clean one, and whether every line of the input was told of.

The main measure is that of the Pollock benchmark (PVLDB 16(8), 2023, section 3.4): ten numbers a file, each from 0 to 1:
whether it could be loaded at all, and precision, recall and F1 of its header's cells, of its records and of all cells,
as multisets. It does not see in which column or row something stands, so `exact` asks for that.

Cells are compared as they are; header cells and records after `plain`, which makes one text of the common ways to write
the same number, time, date or sum of money. It knows fewer of them than the parsers that the published figures rest on,
which guess a date from nearly anything: a reader that rewrites cells may come out lower here; one that keeps texts as
they are comes out the same.
"""

import re
from collections import Counter
from functools import lru_cache

PARTS = ("loaded", *(f"{what} {number}" for what in ("header", "records", "cells") for number in ("precision", "recall", "F1")))

MONTHS = {month: i + 1 for i, month in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split())}
NUMERIC_DATE = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[ T](\d.*))?")
NAMED_DATE = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[a-z]*[-, ]+(\d{4}|\d{2})")
CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d+))?)?")
MONEY = re.compile(r"([$€£¥])\s?(-?\d[\d,]*(?:\.\d+)?)|(-?\d[\d,]*(?:\.\d+)?)\s?([$€£¥])")


@lru_cache(maxsize=1 << 17)
def plain(cell):
    """One text for all ways to write a value that are told apart by nobody."""
    text = cell.strip()
    if text in ("true", "True", "false", "False"):
        return "1" if text[0] in "tT" else "0"
    try:
        return str(int(text))
    except ValueError:
        pass
    try:
        return str(float(text))
    except ValueError:
        pass
    if len(text) < 40:
        for way in (_clock, _date, _money):
            found = way(text)
            if found:
                return found
    return cell.lower()


def _clock(text):
    match = CLOCK.fullmatch(text)
    if match and int(match[1]) < 24 and int(match[2]) < 60 and int(match[3] or 0) < 60:
        return "%02d:%s:%s%s" % (int(match[1]), match[2], match[3] or "00", "." + match[4].ljust(6, "0") if match[4] else "")


def _date(text):
    rest = ""
    if match := NUMERIC_DATE.fullmatch(text):
        first, second, third = int(match[1]), int(match[3]), int(match[4])
        if match[5]:
            rest = " " + (_clock(match[5]) or match[5].lower())
        # A month comes first where it can, as the published figures take it.
        if len(match[1]) == 4:
            year, month, day = first, second, third
        elif first <= 12:
            month, day, year = first, second, third
        else:
            day, month, year = first, second, third
    elif match := NAMED_DATE.fullmatch(text):
        day, month, year = int(match[1]), MONTHS.get(match[2].lower(), 0), int(match[3])
    else:
        return None
    if year < 100:
        year += 2000 if year < 70 else 1900
    if 1 <= month <= 12 and 1 <= day <= 31:
        return "%04d-%02d-%02d%s" % (year, month, day, rest)


def _money(text):
    if match := MONEY.fullmatch(text):
        return (match[1] or match[4]) + str(float((match[2] or match[3]).replace(",", "")))


def overlap(wanted, found):
    """Precision, recall and F1 of two multisets, the benchmark's way round: precision is the share of what was wanted."""
    if not wanted:
        return 1.0, 1.0, 1.0
    both = sum((Counter(wanted) & Counter(found)).values())
    if both == 0:
        return 0.0, 0.0, 0.0
    precision, recall = both / len(wanted), both / len(found)
    return precision, recall, 2 * precision * recall / (precision + recall)


def pollock(clean, found):
    """The ten numbers, in the order of PARTS; `found` is None where nothing could be read."""
    if found is None:
        return [0.0] * 10
    if not clean:
        return [1.0] * 10
    numbers = [1.0]
    head = lambda table: [plain(cell) for cell in table[0]] if table else []
    records = lambda table: ["".join(map(plain, row)) for row in table[1:]]
    cells = lambda table: [cell for row in table for cell in row]
    for view in (head, records, cells):
        numbers += overlap(view(clean), view(found))
    return numbers


def exact(clean, found):
    """Whether the tables are equal cell for cell, and the share of rows that are. Rows without a cell do not count."""
    if found is None:
        return False, 0.0
    clean, found = ([row for row in table if row] for table in (clean, found))
    if clean == found:
        return True, 1.0
    same = sum((Counter(map(tuple, clean)) & Counter(map(tuple, found))).values())
    return False, same / max(len(clean), len(found))


BREAK = re.compile(r"\r\n|\r|\n")
# Such records use a row's number up, but are no row.
NOT_KEPT = {"record-too-long", "field-too-long", "too-many-cells"}


def breaks(text):
    return len(BREAK.findall(text))


def lines(text, header, header_rows, rows, problems):
    """Lines of the input; how many of them no row, no header and no problem stands for; how many stand for two things.

    A row is as many lines as its cells, or what its problems quote of it, have line breaks and one more. It begins where
    its problems say, and else on the next line that nothing else is on. So does the header.
    """
    total = breaks(text) + (text != "" and not text.endswith(("\r", "\n")))
    told, of_record, not_kept = Counter(), {}, set()
    for problem in problems:
        number, line, span = problem.get("row"), problem["line"], 1 + breaks(problem.get("raw") or "")
        if problem["code"] in NOT_KEPT or (number is None and problem["severity"] == "skipped"):
            not_kept.add(number)
            told.update(range(line, line + span))
        else:
            before = of_record.get(number, (line, 1))
            of_record[number] = (min(before[0], line), max(before[1], span))

    at = 1
    def tell(number, span):
        nonlocal at
        begins, quoted = of_record.get(number, (None, 1))
        while told[at] and not begins:
            at += 1
        at = begins or at
        for _ in range(max(span, quoted)):
            told[at] += 1
            at += 1
    if header_rows:
        tell(None, header_rows + sum(map(breaks, header)))
    number = 0
    for row in rows:
        number += 1
        while number in not_kept:
            number += 1
        tell(number, 1 + sum(map(breaks, row)))
    missing = sum(1 for line in range(1, total + 1) if not told[line])
    # A quote that is open at the file's end holds the last line's end, after which no line begins.
    doubled = sum(1 for line, times in told.items() if times > 1 or (times and line > total + 1))
    return total, missing, doubled
