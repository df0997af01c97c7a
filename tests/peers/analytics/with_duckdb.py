import sys

import duckdb

import figures


def main(path):
    db = duckdb.connect()
    ask = lambda text: db.execute(text).fetchall()
    db.execute(
        'create table t as select "Order ID" o, cast("Order Date" as date) d, "Customer ID" c, Category, "Sub-Category",'
        f" Region, Sales s, Discount, Profit p from read_csv('{path}')"
    )
    db.execute("create table v as select c, d, sum(s) s, year(d) * 12 + month(d) - 1 m from t group by c, d")
    (revenue, profit, orders), = ask("select sum(s), sum(p), count(distinct o) from t")
    dimensions = ["Category", "Sub-Category", "Region"]
    cohorts = ask(
        "with a as (select c, m, min(m) over (partition by c) f from v)"
        " select f, m - f, count(distinct c) from a group by all"
    )
    figures.close(
        total=revenue,
        profit=profit,
        years=ask("select cast(year(d) as varchar), sum(s) from t group by 1"),
        months=ask("select strftime(d, '%Y-%m'), sum(s) from t group by 1"),
        parts={name: ask(f'select "{name}", sum(s) from t group by 1') for name in dimensions},
        orders=orders,
        people=ask("select max(d), count(*), sum(s) from v group by c"),
        discounts=ask("select Discount, sum(s) from t group by 1"),
        cohorts=[(f"{f // 12}-{f % 12 + 1:02}", a, n) for f, a, n in cohorts],
    )


main(sys.argv[1])
