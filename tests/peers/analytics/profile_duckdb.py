"""The part of the discovery agent's profile that a one-line call gives: types, nulls, distinct values, quantiles."""
import sys

import duckdb

print(duckdb.sql(f"summarize select * from read_csv('{sys.argv[1]}')").fetchall())
