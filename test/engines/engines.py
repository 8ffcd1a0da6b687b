"""Four engines that read a lake table by its folder, whole and through filters that they push down."""

import datetime
import decimal
from collections.abc import Sequence
from typing import Any, Protocol

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from filters import Filter
from lake_tables import SERIAL, Column, Comparable, LakeTable

EPOCH = datetime.datetime(1970, 1, 1)
DECIMALS = decimal.Context(prec=76)


class Engine(Protocol):
    name: str
    nan_is_largest: bool
    filter_stride: int
    """1: it is asked all filters, n: every n-th."""

    def columns(self, table: LakeTable) -> list[Column]:
        """Those of the table that the engine can read."""

    def scan(self, table: LakeTable) -> pa.Table: ...

    def find(self, table: LakeTable, filters: Sequence[Filter]) -> list[list[int]]:
        """The serials of the rows that each filter finds, in order."""


class DuckDb:
    name = "DuckDB"
    nan_is_largest = True
    filter_stride = 1

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 2})

    def columns(self, table: LakeTable) -> list[Column]:
        return table.columns

    def scan(self, table: LakeTable) -> pa.Table:
        return self.connection.sql(f"FROM {self.source(table)}").to_arrow_table()

    def find(self, table: LakeTable, filters: Sequence[Filter]) -> list[list[int]]:
        select = f"SELECT {SERIAL} FROM {self.source(table)} WHERE"
        return [
            sorted(serial for (serial,) in self.connection.execute(f"{select} {self.sql(filter)}").fetchall())
            for filter in filters
        ]

    @staticmethod
    def source(table: LakeTable) -> str:
        return f"""read_parquet('{table.folder}/**/*.parquet', union_by_name = true,
            hive_partitioning = {bool(table.partition_key)}, hive_types_autocast = false)"""

    @classmethod
    def sql(cls, filter: Filter) -> str:
        name = '"' + filter.column.name.replace('"', '""') + '"'
        literals = [cls.literal(filter.column, value) for value in filter.values]
        return f"{name} {comparison(filter, literals)}"

    @staticmethod
    def literal(column: Column, value: Comparable) -> str:
        match column.kind:
            case "text" if isinstance(value, bytes):
                return "'" + value.decode().replace("'", "''") + "'"
            case "binary" if isinstance(value, bytes):
                return f"unhex('{value.hex()}')"
            case "timestamp":
                return f"make_timestamp({int(value)}::BIGINT)"
            case _:
                return f"'{plain(column, value)}'::{column.type}"


class PyArrow:
    name = "PyArrow"
    nan_is_largest = False
    filter_stride = 1

    def columns(self, table: LakeTable) -> list[Column]:
        return table.columns

    def scan(self, table: LakeTable) -> pa.Table:
        return self.dataset(table).to_table()

    def find(self, table: LakeTable, filters: Sequence[Filter]) -> list[list[int]]:
        dataset = self.dataset(table)
        return [
            sorted(
                dataset.to_table(columns=[SERIAL], filter=self.expression(filter, dataset.schema))[SERIAL].to_pylist()
            )
            for filter in filters
        ]

    @staticmethod
    def dataset(table: LakeTable) -> ds.Dataset:
        """Files of before a column was added have it not, and the first one decides unless told otherwise."""
        partitions = pa.schema([(name, pa.string()) for name in table.partition_key])
        schema = pa.unify_schemas([*(pq.read_schema(file) for file in table.files), partitions])
        partitioning = ds.partitioning(partitions, flavor="hive") if table.partition_key else None
        return ds.dataset(table.folder, schema, format="parquet", partitioning=partitioning)

    @staticmethod
    def expression(filter: Filter, schema: pa.Schema) -> ds.Expression:
        field, type = ds.field(filter.column.name), schema.field(filter.column.name).type
        values = [python_value(filter.column, value) for value in filter.values]
        match filter.operator:
            case "=":
                return field == pa.scalar(values[0], type)
            case ">=":
                return field >= pa.scalar(values[0], type)
            case "<=":
                return field <= pa.scalar(values[0], type)
            case "in":
                return field.isin(pa.array(values, type))
            case "is null":
                return field.is_null()
            case _:
                return field.is_valid()


class Polars:
    name = "Polars"
    nan_is_largest = True
    filter_stride = 1

    def columns(self, table: LakeTable) -> list[Column]:
        return table.columns

    def scan(self, table: LakeTable) -> pa.Table:
        return self.frame(table).collect().to_arrow()

    def find(self, table: LakeTable, filters: Sequence[Filter]) -> list[list[int]]:
        frame = self.frame(table)
        schema = frame.collect_schema()
        found = [frame.filter(self.expression(filter, schema)).select(SERIAL) for filter in filters]
        return [sorted(rows.collect()[SERIAL].to_list()) for rows in found]

    @staticmethod
    def frame(table: LakeTable) -> pl.LazyFrame:
        schema: dict[str, pl.DataType] = {}
        for file in table.files:
            schema |= pl.read_parquet_schema(file)
        partitions = {name: pl.String for name in table.partition_key}
        return pl.scan_parquet(
            table.folder / "**/*.parquet",
            schema=schema,
            missing_columns="insert",
            hive_partitioning=bool(table.partition_key),
            hive_schema=partitions or None,
        )

    @staticmethod
    def expression(filter: Filter, schema: pl.Schema) -> pl.Expr:
        column, type = pl.col(filter.column.name), schema[filter.column.name]
        values = [python_value(filter.column, value) for value in filter.values]
        match filter.operator:
            case "=":
                return column == pl.lit(values[0], dtype=type)
            case ">=":
                return column >= pl.lit(values[0], dtype=type)
            case "<=":
                return column <= pl.lit(values[0], dtype=type)
            case "in":
                return column.is_in(pl.Series(values, dtype=type).to_list())
            case "is null":
                return column.is_null()
            case _:
                return column.is_not_null()


def comparison(filter: Filter, literals: list[str]) -> str:
    """The filter in SQL, behind the column's name."""
    if filter.operator == "in":
        return f"IN ({', '.join(literals)})"
    return " ".join([filter.operator.upper(), *literals])


def plain(column: Column, value: Comparable) -> str:
    """A value as SQL engines read it from text."""
    match column.kind:
        case "boolean" | "float":
            return str(value).lower()
        case "decimal" | "date" | "time" | "timestamp":
            return str(python_value(column, value))
        case _:
            return str(value)


def python_value(column: Column, value: Comparable) -> Any:
    match column.kind:
        case "decimal":
            return decimal.Decimal(int(value)).scaleb(-column.decimal[1], DECIMALS)
        case "date":
            return (EPOCH + datetime.timedelta(days=int(value))).date()
        case "time":
            return (EPOCH + datetime.timedelta(microseconds=int(value))).time()
        case "timestamp":
            return EPOCH + datetime.timedelta(microseconds=int(value))
        case "text" if isinstance(value, bytes):
            return value.decode()
        case _:
            return value
