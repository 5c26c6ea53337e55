"""Tables that are written whole or not at all."""

import csv
import os
import sys


def write_table(path, header, rows):
    """Writes a CSV aside and puts it in its place; ends the program with the reason if it cannot."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        try:
            with open(temporary, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(header)
                writer.writerows(rows)
            os.replace(temporary, path)
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
    except OSError as error:
        sys.exit(f"error: {path}: cannot write: {error.strerror}; free some space or choose another "
                 "path")
