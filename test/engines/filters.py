"""Filters on one column each, and which rows they should find."""

import random
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lake_tables import Column, Comparable, LakeTable, comparables

INTEGER_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}
MICROS_PER_DAY = 86_400_000_000
DAY_MIN, DAY_MAX = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31: what all engines can write as a literal."""


@dataclass(frozen=True)
class Filter:
    column: Column
    operator: str
    """One of =, >=, <=, in, is null, is not null."""
    values: tuple[Comparable, ...] = ()

    def __str__(self) -> str:
        return f"{self.column.name} ({self.column.type}) {self.operator} {', '.join(map(repr, self.values))}"

    def finds(self, value: Comparable | None, nan_is_largest: bool) -> bool:
        """
        Engines disagree about NaN. DuckDB, Polars and Spark take it for equal to itself and larger than all else;
        PyArrow goes by IEEE 754, where a comparison with NaN is false. Both zeros are equal everywhere.
        """
        if self.operator == "is null":
            return value is None
        if value is None:
            return False
        if self.operator == "is not null":
            return True
        if not nan_is_largest and any(one != one for one in (value, *self.values)):
            return False
        match self.operator:
            case ">=":
                return ranked(value) >= ranked(self.values[0])
            case "<=":
                return ranked(value) <= ranked(self.values[0])
            case _:
                return ranked(value) in map(ranked, self.values)


def ranked(value: Comparable) -> tuple[bool, Any]:
    is_nan = value != value
    return (is_nan, 0.0 if is_nan else value)


def sample_filters(table: LakeTable, rows: pa.Table, rng: random.Random) -> list[Filter]:
    """For every column: its ends, values within, just outside and absent; more of them for key columns."""
    return [
        some for column in table.columns for some in column_filters(column, rows, rng, column.name in table.primary_key)
    ]


def column_filters(column: Column, rows: pa.Table, rng: random.Random, is_key: bool) -> list[Filter]:
    values = [value for value in comparables(rows, column) if value is not None]
    nulls = [Filter(column, "is null"), Filter(column, "is not null")]
    there = sorted({value for value in values if value == value})
    if not there:
        return nulls
    low, high = there[0], there[-1]
    present = [rng.choice(there) for _ in range(5 if is_key else 1)]
    known = set(there)
    absent = [value for value in neighbours(column, there, rng) if value not in known]
    equals = [low, high, *present, *absent]
    lists = [(*present, *absent[:1]), (low, rng.choice(there))]
    filters = [Filter(column, "=", (value,)) for value in equals]
    filters += [Filter(column, "in", values) for values in lists]
    filters += [Filter(column, ">=", (value,)) for value in (high, rng.choice(there))]
    filters += [Filter(column, "<=", (value,)) for value in (low, rng.choice(there))]
    if column.kind == "float":
        filters += [Filter(column, operator, (float("nan"),)) for operator in ("=", ">=")]
    return filters + nulls


def neighbours(column: Column, there: list[Comparable], rng: random.Random) -> list[Comparable]:
    """Values just outside the ends and beside one within, as far as the type has them."""
    candidates: list[Comparable] = []
    for value, step in ((there[0], -1), (there[-1], 1), (rng.choice(there), 1)):
        match value:
            case bool():
                pass
            case bytes():
                candidates.append(value + b"\x01" if step > 0 else value[:-1])
            case float():
                candidates.append(value + step * 0.5)
            case int():
                candidates.append(value + step * (1_000 if column.kind in ("time", "timestamp") else 1))
    return [value for value in candidates if is_literal(column, value)]


def is_literal(column: Column, value: Comparable) -> bool:
    if isinstance(value, bytes):
        return column.kind == "binary" or is_utf8(value)
    if isinstance(value, float):
        return column.type != "FLOAT" or value == single(value)
    low, high = bounds(column)
    return low <= value <= high


def bounds(column: Column) -> tuple[int, int]:
    match column.kind:
        case "decimal":
            limit = 10 ** column.decimal[0]
            return 1 - limit, limit - 1
        case "date":
            return DAY_MIN, DAY_MAX
        case "time":
            return 0, MICROS_PER_DAY - 1
        case "timestamp":
            return DAY_MIN * MICROS_PER_DAY, (DAY_MAX + 1) * MICROS_PER_DAY - 1
        case "integer" if column.is_unsigned:
            return 0, 2 ** INTEGER_BITS[column.type[1:]] - 1
        case "integer":
            half = 2 ** (INTEGER_BITS[column.type] - 1)
            return -half, half - 1
        case _:
            return 0, 1


def is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def single(value: float) -> float:
    return pa.scalar(value, pa.float32()).as_py()  # type: ignore[no-any-return]
