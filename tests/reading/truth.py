"""The files of each archive, and what is known of them."""

import csv
import io
import json
import os
import re
import sys

csv.field_size_limit(sys.maxsize)


def one_break(text):
    """Line breaks within cells count as one character, whatever they are written with."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def table(path):
    """A clean table: comma, RFC 4180."""
    with open(path, "rb") as file:
        data = file.read()
    for encoding in ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    return rows(text)


def rows(text):
    """The records of a text that follows RFC 4180."""
    return list(csv.reader(io.StringIO(one_break(text), newline="")))


def kind(name):
    """Files of one kind of pollution: their names differ in numbers only."""
    if name.startswith("file_"):
        return name.removesuffix(".csv")
    return re.sub(r"_?(row|col)?\d+.*$", "", name.removesuffix(".csv"))


def tables(folder):
    """Archives whose truth is a table: `csv/X` was read well if it equals `clean/X`."""
    clean = os.path.join(folder, "clean")
    names = sorted(name for name in os.listdir(clean) if name.lower().endswith(".csv"))
    return [(name, os.path.join(folder, "csv", name), os.path.join(clean, name)) for name in names]


def weights(folder):
    """How often what is wrong with a file occurs among open data; None where nobody counted."""
    path = os.path.join(folder, "weights.json")
    if not os.path.exists(path):
        return None
    with open(path) as file:
        return json.load(file)


def dialects(folder):
    """Archives whose truth is the dialect."""
    with open(os.path.join(folder, "expected.json")) as file:
        expected = json.load(file)
    return [(name, os.path.join(folder, name), wanted) for name, wanted in sorted(expected.items())]


def spectrum():
    """The npm package csv-spectrum, if it is installed: files, and their rows as objects."""
    folder = os.path.join(os.path.dirname(__file__), "..", "interop", "node_modules", "csv-spectrum")
    if not os.path.isdir(folder):
        return []
    found = []
    for name in sorted(os.listdir(os.path.join(folder, "csvs"))):
        with open(os.path.join(folder, "json", name.replace(".csv", ".json")), encoding="utf-8") as file:
            found.append((name, os.path.join(folder, "csvs", name), json.load(file)))
    return found
