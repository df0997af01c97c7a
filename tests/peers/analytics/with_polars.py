import sys

import polars as pl

import figures


def main(path):
    t = pl.scan_csv(path, try_parse_dates=True).with_columns(d=pl.col("Order Date").cast(pl.Date))
    total = lambda key, name: t.group_by(key.alias(name)).agg(pl.col("Sales").sum())
    year, month = pl.col("d").dt.year(), pl.col("d").dt.strftime("%Y-%m")
    visits = t.group_by("Customer ID", "d").agg(pl.col("Sales").sum())
    number = pl.col("d").dt.year().cast(pl.Int32) * 12 + pl.col("d").dt.month().cast(pl.Int32) - 1
    aged = visits.with_columns(month=number).with_columns(first=pl.col("month").min().over("Customer ID"))
    people = visits.group_by("Customer ID").agg(pl.col("d").max(), pl.len().alias("n"), pl.col("Sales").sum())
    cohorts = aged.group_by("first", (pl.col("month") - pl.col("first")).alias("age")).agg(pl.col("Customer ID").n_unique())
    dimensions = ["Category", "Sub-Category", "Region"]
    plans = [
        t.select(pl.col("Sales").sum(), pl.col("Profit").sum(), pl.col("Order ID").n_unique()),
        total(year, "k"),
        total(month, "k"),
        total(pl.col("Discount"), "k"),
        people,
        cohorts,
        *[total(pl.col(name), "k") for name in dimensions],
    ]
    all_, years, months, discounts, people, cohorts, *parts = pl.collect_all(plans, engine="streaming")
    revenue, profit, orders = all_.row(0)
    figures.close(
        total=revenue,
        profit=profit,
        years=[(str(y), v) for y, v in years.iter_rows()],
        months=months.iter_rows(),
        parts={name: part.iter_rows() for name, part in zip(dimensions, parts)},
        orders=orders,
        people=[row[1:] for row in people.iter_rows()],
        discounts=discounts.iter_rows(),
        cohorts=[(f"{f // 12}-{f % 12 + 1:02}", a, n) for f, a, n in cohorts.iter_rows()],
    )


main(sys.argv[1])
