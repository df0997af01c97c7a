"""Writes a large table of orders: the Superstore rows again and again, with new keys.

usage: generate.py superstore.csv OUT.csv [BYTES]

Each repetition has order ids of its own; customers come back every 40th one. Dates stay as they are.
"""
import csv
import sys

CUSTOMER_SETS = 40


def quoted(cell):
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"\n') else cell


def main(source, target, size=1_000_000_000):
    with open(source, newline="") as file:
        header, *rows = csv.reader(file)
    # Row ID, Order ID, Order Date, Ship Date, Ship Mode, Customer ID, ...: only the three keys change.
    fixed = [(r[1], ",".join(map(quoted, r[2:5])), r[5], ",".join(map(quoted, r[6:]))) for r in rows]
    row_id = repetition = written = 0
    with open(target, "w", newline="") as out:
        out.write(",".join(header) + "\n")
        while written < size:
            lines = []
            for order, dates, customer, rest in fixed:
                row_id += 1
                lines.append(f"{row_id},{order}-{repetition},{dates},{customer}-{repetition % CUSTOMER_SETS},{rest}\n")
            text = "".join(lines)
            written += len(text.encode())
            out.write(text)
            repetition += 1
    print(row_id, "rows,", written, "bytes")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:4]))
