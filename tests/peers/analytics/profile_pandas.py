"""The part of the discovery agent's profile that a one-line call gives: types, nulls, distinct values, quantiles."""
import sys

import pandas as pd

t = pd.read_csv(sys.argv[1])
print(t.describe(include="all").to_string(), t.isna().sum(), t.nunique(), sep="\n")
