"""What footers say about column chunks, held against the values in them."""

import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from engines import DuckDb
from lake_tables import Column, Comparable, LakeTable, canonical

BLOOM_PROBES_PER_FILE = 40


def statistics_faults(table: LakeTable, counts: Counter[str]) -> Iterator[str]:
    """Bounds enclose all values, null counts are exact, and row groups are where engines look for them."""
    bounded: Counter[str] = Counter()
    for path in table.files:
        with pq.ParquetFile(path) as file:
            yield from (f"{table.name}: {path.name}: {it}" for it in split_faults(file.metadata, path.stat().st_size))
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group)
                for index in range(file.metadata.num_columns):
                    chunk = file.metadata.row_group(group).column(index)
                    column = next(column for column in table.columns if column.name == chunk.path_in_schema)
                    texts = canonical(rows[column.name], column).to_pylist()
                    values = [None if text is None else column.comparable(text) for text in texts]
                    counts["chunks"] += 1
                    counts["with page index"] += chunk.has_column_index
                    where = f"{path.name}, row group {group}, {column.name} ({column.type})"
                    for fault in chunk_faults(file, chunk, column, values, bounded):
                        yield f"{table.name}: {where}: {fault}"
    counts["with bounds"] += bounded.total()


def split_faults(metadata: pq.FileMetaData, length: int) -> Iterator[str]:
    """
    Every row group belongs to a split. Spark (parquet-mr) gives it to the one that holds the middle of the group, as
    the begin of its first column and the sum of its chunks' sizes say: if that is beyond the file, nobody reads it.
    """
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        chunks = [row_group.column(index) for index in range(row_group.num_columns)]
        first = chunks[0].dictionary_page_offset or chunks[0].data_page_offset
        middle = first + sum(chunk.total_compressed_size for chunk in chunks) // 2
        if middle >= length:
            yield f"the middle of row group {group} is at {middle}, beyond the file's {length} bytes"


def chunk_faults(
    file: pq.ParquetFile, chunk: Any, column: Column, values: list[Comparable | None], bounded: Counter[str]
) -> Iterator[str]:
    statistics = chunk.statistics
    if chunk.num_values != len(values):
        yield f"the footer says {chunk.num_values} values, there are {len(values)}"
    if statistics is None:
        yield "no statistics"
        return
    nulls = values.count(None)
    if not statistics.has_null_count or statistics.null_count != nulls:
        yield f"null count is {statistics.null_count}, there are {nulls} nulls"
    there = [value for value in values if value is not None]
    if not statistics.has_min_max:
        if there and not may_lack_bounds(there):
            yield "no bounds"
        return
    bounded[column.name] += 1
    low, high = (from_bound(raw, file, column, chunk) for raw in (statistics.min_raw, statistics.max_raw))
    outside = [value for value in there if not rank(low) <= rank(value) <= rank(high)]
    if outside:
        yield f"bounds {low!r} and {high!r} leave out {len(outside)} values, such as {outside[:3]!r}"


def may_lack_bounds(values: list[Comparable]) -> bool:
    """NaN has no place that engines agree on; above long bytes there may be no shorter ones."""
    return any(value != value or (isinstance(value, bytes) and len(value) > 64) for value in values)


def rank(value: Comparable) -> tuple[Any, ...]:
    """Puts −0 below 0, as engines do that compare bits; NaN is in no bounds."""
    if isinstance(value, float):
        return (value, 0 if struct.pack(">d", value)[0] & 0x80 else 1)
    return (value,)


def from_bound(raw: Any, file: pq.ParquetFile, column: Column, chunk: Any) -> Comparable:
    """A bound as the footer has it, in the form in which values are compared."""
    if isinstance(raw, bytes):
        return int.from_bytes(raw, "big", signed=True) if column.kind == "decimal" else raw
    if column.is_unsigned:
        return int(raw) & (2**64 - 1 if chunk.physical_type == "INT64" else 2**32 - 1)
    if column.kind in ("time", "timestamp"):
        unit = file.schema_arrow.field(column.name).type.unit
        return int(raw) * (1_000 if unit == "ms" else 1)
    return raw  # type: ignore[no-any-return]


def bloom_faults(table: LakeTable, connection: duckdb.DuckDBPyConnection, counts: Counter[str]) -> Iterator[str]:
    """No bloom filter excludes a value that is there, asked through DuckDB."""
    for path in table.files:
        filtered = connection.execute(
            """SELECT DISTINCT path_in_schema FROM parquet_metadata(?) WHERE bloom_filter_offset IS NOT NULL""",
            [str(path)],
        ).fetchall()
        for (name,) in filtered:
            column = next(column for column in table.columns if column.name == name)
            yield from (f"{table.name}: {path.name}: {fault}" for fault in probe(path, column, connection, counts))


def probe(path: Path, column: Column, connection: duckdb.DuckDBPyConnection, counts: Counter[str]) -> Iterator[str]:
    with pq.ParquetFile(path) as file:
        groups = [
            set(canonical(file.read_row_group(group, [column.name])[column.name], column).to_pylist()) - {None}
            for group in range(file.num_row_groups)
        ]
    values = sorted(set().union(*groups))
    for text in values[:: max(1, len(values) // BLOOM_PROBES_PER_FILE)]:
        literal = DuckDb.literal(column, column.comparable(text))
        sql = f"""SELECT row_group_id, bloom_filter_excludes FROM
            parquet_bloom_probe('{path}', '{column.name.replace("'", "''")}', {literal})"""
        for group, excludes in connection.execute(sql).fetchall():
            counts["bloom filter probes"] += 1
            counts["excluded by them"] += excludes
            if excludes and text in groups[group]:
                yield f"the bloom filter of {column.name} in row group {group} excludes {text!r}, which is there"
