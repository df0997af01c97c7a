"""Runs programs one after the other, gives what each cost, and compares their figures with those of the first.

usage: compare.py NAME=COMMAND...    each command is split at blanks and prints JSON; ours is `analyse_csv DIR --json`
       compare.py --cost NAME=COMMAND...    without the comparison
"""
import json
import math
import os
import subprocess
import sys
import tempfile


def run(command):
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(command.split(), stdout=out)
        _, status, used = os.wait4(child.pid, 0)
        assert status == 0, (command, status)
        out.seek(0)
        return out.read(), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def ours(result):
    """Our result in the shape of `figures.close`."""
    money = result["data"]["financial_intelligence"]
    people = result["data"]["customer_intelligence"]
    months = next(s for s in result["data"]["series"] if s["period"] == "month")
    parts = {
        part["dimension"]: {member["name"]: member["revenue"] for member in part["members"]}
        for part in money["contribution"]
        if part["dimension"] in ("Category", "Sub-Category", "Region")
    }
    return {
        "total_revenue": money["revenue_analysis"]["total_revenue"],
        "total_profit": money["revenue_analysis"]["gross_profit"],
        "years": {year["period"]: year["revenue"] for year in money["growth"]["years"]},
        "months": {point["period"]: point["revenue"] for point in months["points"]},
        "contribution": parts,
        "orders": result["data"]["operational_intelligence"]["billing_intelligence"]["orders"],
        "customers": people["customers"],
        "repeat_rate": people["repeat_rate"],
        "rfm_cells": people["rfm"]["cells"],
        "gini": people["concentration"]["gini"],
        "top_10_percent_share": people["concentration"]["top_10_percent_share"],
        "discount_bands": {str(b["up_to"]): b["revenue"] for b in money["discount_effect"]["bands"]},
        "cohorts": {
            row["month"]: {str(age): n for age, n in enumerate(row["active"]) if n} for row in people["cohorts"]["rows"]
        },
    }


def flat(value, place=""):
    if isinstance(value, dict):
        for key, member in value.items():
            yield from flat(member, f"{place}/{key}")
    else:
        yield place, value


def difference(one, other):
    """Places where two results differ by more than rounding, of all places."""
    one, other = dict(flat(one)), dict(flat(other))
    alike = lambda a, b: a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6)
    places = sorted(one.keys() | other.keys())
    return [(p, one.get(p), other.get(p)) for p in places if not alike(one.get(p), other.get(p))], len(places)


def main(arguments):
    is_compared = arguments[0] != "--cost"
    first = None
    print("load before:", *os.getloadavg())
    for argument in arguments if is_compared else arguments[1:]:
        name, command = argument.split("=", 1)
        text, cpu, peak = run(command)
        line = f"{name}: {cpu:.2f} CPU s, {peak:.0f} MiB"
        if is_compared:
            result = json.loads(text)
            result = ours(result) if "agent_name" in result else result
            first = first or result
            wrong, places = difference(first, result)
            line += f", {places - len(wrong)} of {places} figures agree {wrong[:5] or ''}"
        print(line, flush=True)
    print("load after:", *os.getloadavg())


main(sys.argv[1:])
