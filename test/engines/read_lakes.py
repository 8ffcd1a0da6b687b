"""
Reads the lakes that `make-lakes.ts` made with DuckDB, PyArrow, Polars and Spark, and compares:

    python read_lakes.py FOLDER/manifest.json [--seed 1] [--engines DuckDB,PyArrow,Polars,Spark]

- each engine's whole scan with the rows that should be there;
- filters, pushed down by the engine, with the same filters applied in Python to the rows of the scan;
- earlier versions, read through their old lengths from the files of today, with the rows of then;
- bounds, null counts and bloom filters of every column chunk with the values in it.

Spark reads no columns that are times of day, for want of such a type. Exit code 0 if everything agrees.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from engines import DuckDb, Engine, Polars, PyArrow
from filters import Filter, sample_filters
from footers import bloom_faults, split_faults, statistics_faults
from lake_tables import SERIAL, LakeTable, canonical_rows, comparables, read_manifest, read_rows
from spark_engine import Spark

FAULTS_SHOWN_MAX = 10
"""Of an engine."""
ROWS_SHOWN_MAX = 3


@dataclass(frozen=True)
class Case:
    """A table, what it holds, and what filters should find in it."""

    table: LakeTable
    expected: pa.Table
    filters: list[Filter]
    wanted: dict[bool, list[list[int]]]
    """Serials by filter; `True`: for engines to which NaN is the largest number."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares what engines read of lakes.")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", default="DuckDB,PyArrow,Polars,Spark")
    arguments = parser.parse_args()
    tables = read_manifest(arguments.manifest.resolve())
    cases = [make_case(table, random.Random(f"{arguments.seed} {table.name}")) for table in tables]
    faults = 0
    with tempfile.TemporaryDirectory() as scratch:
        for engine in engines(arguments.engines.split(","), Path(scratch)):
            faults += engine_faults(engine, cases)
    faults += file_faults(tables)
    print(f"read_lakes: {len(tables)} tables, {faults} faults")
    return 1 if faults else 0


def engines(names: list[str], scratch: Path) -> Iterator[Engine]:
    """Each made when the one before it is done."""
    for name in names:
        match name:
            case "DuckDB":
                yield DuckDb()
            case "PyArrow":
                yield PyArrow()
            case "Polars":
                yield Polars()
            case "Spark":
                yield Spark(scratch)
            case _:
                raise SystemExit(f"--engines: {name} is none of DuckDB, PyArrow, Polars, Spark")


def make_case(table: LakeTable, rng: random.Random) -> Case:
    expected = table.expected()
    filters = sample_filters(table, expected, rng)
    serials = [int(serial) for serial in expected[SERIAL].to_pylist()]
    values = {column: comparables(expected, column) for column in table.columns}

    def rows_of(filter: Filter, nan_is_largest: bool) -> list[int]:
        pairs = zip(serials, values[filter.column], strict=True)
        return [serial for serial, value in pairs if filter.finds(value, nan_is_largest)]

    wanted = {largest: [rows_of(filter, largest) for filter in filters] for largest in (True, False)}
    return Case(table, expected, filters, wanted)


def engine_faults(engine: Engine, cases: list[Case]) -> int:
    started = time.monotonic()
    faults: list[str] = []
    counts: Counter[str] = Counter()
    for case in cases:
        faults += case_faults(engine, case, counts)
    return tell(engine.name, counts, started, faults)


def case_faults(engine: Engine, case: Case, counts: Counter[str]) -> Iterator[str]:
    what = f"{case.table.name}, {engine.name}"
    columns = engine.columns(case.table)
    expected = case.expected.select([column.name for column in columns])
    actual = canonical_rows(engine.scan(case.table), columns)
    counts["rows"] += actual.num_rows
    yield from row_differences(what, expected, actual)
    asked = [
        (filter, wanted)
        for filter, wanted in zip(case.filters, case.wanted[engine.nan_is_largest], strict=True)
        if filter.column in columns
    ][:: engine.filter_stride]
    answers = engine.find(case.table, [filter for filter, _ in asked])
    for (filter, wanted), found in zip(asked, answers, strict=True):
        counts["filters"] += 1
        counts["rows found"] += len(found)
        if found != wanted:
            yield f"{what} WHERE {filter}: {set_difference(wanted, found)}"


def tell(what: str, counts: Counter[str], started: float, faults: list[str]) -> int:
    """How many faults there were."""
    counted = ", ".join(f"{count:,} {unit}" for unit, count in counts.items())
    print(f"{what}: {counted}, {len(faults)} faults, {time.monotonic() - started:.1f} s", flush=True)
    for fault in faults[:FAULTS_SHOWN_MAX]:
        print(f"  {fault}")
    return len(faults)


def set_difference(wanted: list[int], found: list[int]) -> str:
    missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    return (
        f"finds {len(found)} rows of {len(wanted)}; missing {len(missing)} (serials {missing[:ROWS_SHOWN_MAX]}), "
        f"wrongly found {len(extra)} (serials {extra[:ROWS_SHOWN_MAX]})"
    )


def row_differences(what: str, expected: pa.Table, actual: pa.Table) -> Iterator[str]:
    if expected.equals(actual):
        return
    wanted, found = expected[SERIAL].to_pylist(), actual[SERIAL].to_pylist()
    if wanted != found:
        yield f"{what}: {set_difference([int(s) for s in wanted], [int(s) for s in found])}"
        return
    for name in expected.column_names:
        pairs = zip(wanted, expected[name].to_pylist(), actual[name].to_pylist(), strict=True)
        different = [pair for pair in pairs if pair[1] != pair[2]]
        if different:
            shown = "; ".join(f"serial {s}: {e!r} became {a!r}" for s, e, a in different[:ROWS_SHOWN_MAX])
            yield f"{what}: {len(different)} rows differ in {name}: {shown}"


def file_faults(tables: list[LakeTable]) -> int:
    started = time.monotonic()
    faults: list[str] = []
    counts: Counter[str] = Counter()
    connection = duckdb.connect()
    for table in tables:
        faults += version_faults(table, counts)
        faults += statistics_faults(table, counts)
        faults += bloom_faults(table, connection, counts)
    faults += [f"there are none {unit}" for unit in ("with bounds", "bloom filter probes") if counts[unit] == 0]
    return tell("files", counts, started, faults)


def version_faults(table: LakeTable, counts: Counter[str]) -> Iterator[str]:
    """Whoever opened the files of an earlier version, and knows their lengths of then, still reads its rows."""
    for version in table.versions:
        what = f"{table.name}, {version.rows.stem} through its old lengths"
        views = [pq.ParquetFile(pa.BufferReader(path.read_bytes()[:length])) for path, length in version.files]
        for view, (_, length) in zip(views, version.files, strict=True):
            yield from (f"{what}: {fault}" for fault in split_faults(view.metadata, length))
        rows = pa.concat_tables([view.read() for view in views], promote_options="default")
        columns = [column for column in table.stored_columns if column.name in rows.column_names]
        expected = read_rows(version.rows, table.columns).select([column.name for column in columns])
        counts["old versions"] += 1
        yield from row_differences(what, expected, canonical_rows(rows, columns))


if __name__ == "__main__":
    sys.exit(main())
