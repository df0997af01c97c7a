"""The part of the discovery agent's profile that a one-line call gives: types, nulls, distinct values, quantiles."""
import sys

import polars as pl

t = pl.scan_csv(sys.argv[1], try_parse_dates=True)
numbers = pl.selectors.numeric()
plans = [
    t.select(pl.all().null_count()),
    t.select(pl.all().n_unique()),
    t.select(pl.all().min().name.suffix(" min"), pl.all().max().name.suffix(" max")),
    t.select(numbers.mean().name.suffix(" mean"), numbers.std().name.suffix(" std")),
    t.select(*[numbers.quantile(q).name.suffix(f" {q}") for q in (0.25, 0.5, 0.75)]),
]
print(*pl.collect_all(plans, engine="streaming"), sep="\n")
