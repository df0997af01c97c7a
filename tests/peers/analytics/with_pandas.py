import sys

import pandas as pd

import figures

COLUMNS = ["Order ID", "Order Date", "Customer ID", "Category", "Sub-Category", "Region", "Sales", "Discount", "Profit"]


def main(path):
    t = pd.read_csv(path, usecols=COLUMNS)
    t["Order Date"] = pd.to_datetime(t["Order Date"])
    sales = t["Sales"]
    day = t["Order Date"]
    of = lambda key: sales.groupby(key).sum().items()
    visits = t.groupby(["Customer ID", "Order Date"])["Sales"].sum().reset_index()
    people = visits.groupby("Customer ID").agg(last=("Order Date", "max"), n=("Order Date", "size"), m=("Sales", "sum"))
    month = visits["Order Date"].dt.year * 12 + visits["Order Date"].dt.month - 1
    first = month.groupby(visits["Customer ID"]).transform("min")
    cohorts = visits.assign(first=first, age=month - first).groupby(["first", "age"])["Customer ID"].nunique()
    figures.close(
        total=float(sales.sum()),
        profit=float(t["Profit"].sum()),
        years=[(str(y), v) for y, v in of(day.dt.year)],
        months=[(str(m), v) for m, v in of(day.dt.to_period("M"))],
        parts={c: of(t[c]) for c in ["Category", "Sub-Category", "Region"]},
        orders=int(t["Order ID"].nunique()),
        people=people.itertuples(index=False, name=None),
        discounts=of(t["Discount"]),
        cohorts=[(f"{f // 12}-{f % 12 + 1:02}", int(a), int(n)) for (f, a), n in cohorts.items()],
    )


main(sys.argv[1])
