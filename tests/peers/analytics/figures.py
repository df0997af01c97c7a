"""What all sides compute from small tables; the large table is reduced by each engine itself.

Names of the results are those of the members that `--json` of the example `analyse_csv` has.
"""
import bisect
import json
import math

BANDS = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0]


def gini(values):
    rising = sorted(v for v in values if v > 0)
    n, total = len(rising), math.fsum(rising)
    return 2 * math.fsum((i + 1) * v for i, v in enumerate(rising)) / (n * total) - (n + 1) / n


def top_tenth(values):
    falling = sorted((v for v in values if v > 0), reverse=True)
    return math.fsum(falling[: math.ceil(len(falling) / 10)]) / math.fsum(falling)


def cells(people):
    """Customers by their three scores: quintiles by rank, equal values alike. A person is (last, visits, money)."""
    scales = [sorted(column) for column in zip(*people)]
    score = lambda scale, value: 1 + 5 * bisect.bisect_left(scale, value) // len(scale)
    found = {}
    for person in people:
        cell = "-".join(str(score(scale, value)) for scale, value in zip(scales, person))
        found[cell] = found.get(cell, 0) + 1
    return found


def band(discount):
    return next(str(up_to) for up_to in BANDS if discount <= up_to + 1e-9)


def bands(by_discount):
    found = {}
    for discount, revenue in by_discount:
        found[band(discount)] = found.get(band(discount), 0.0) + revenue
    return found


def close(total, profit, years, months, parts, orders, people, discounts, cohorts):
    """`people`: (last day, days with purchases, revenue) by customer; `cohorts`: (month, age, customers)."""
    people = list(people)
    money = [float(p[2]) for p in people]
    matrix = {}
    for month, age, customers in cohorts:
        matrix.setdefault(month, {})[str(age)] = customers
    print(json.dumps({
        "total_revenue": total,
        "total_profit": profit,
        "years": dict(years),
        "months": dict(months),
        "contribution": {name: dict(members) for name, members in parts.items()},
        "orders": orders,
        "customers": len(people),
        "repeat_rate": sum(p[1] > 1 for p in people) / len(people),
        "rfm_cells": cells([(p[0], p[1], round(float(p[2]), 4)) for p in people]),
        "gini": gini(money),
        "top_10_percent_share": top_tenth(money),
        "discount_bands": bands(discounts),
        "cohorts": matrix,
    }))
