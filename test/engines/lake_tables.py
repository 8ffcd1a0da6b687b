"""Tables of a manifest, and their rows in a form in which engines can be compared."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

SERIAL = "serial"
"""Column that identifies a version of a row; every table has it."""

Comparable = bool | int | float | bytes
"""A value that Python orders as the column's type does. Decimals are unscaled, instants microseconds."""


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    """As DuckDB names it."""

    @property
    def kind(self) -> str:
        if self.type.startswith("DECIMAL"):
            return "decimal"
        if self.type.startswith("TIMESTAMP"):
            return "timestamp"
        if self.type in ("FLOAT", "DOUBLE"):
            return "float"
        return {"BOOLEAN": "boolean", "DATE": "date", "TIME": "time", "VARCHAR": "text", "BLOB": "binary"}.get(
            self.type, "integer"
        )

    @property
    def decimal(self) -> tuple[int, int]:
        """Precision and scale."""
        precision, scale = self.type.removeprefix("DECIMAL(").removesuffix(")").split(",")
        return int(precision), int(scale)

    @property
    def is_unsigned(self) -> bool:
        return self.kind == "integer" and self.type.startswith("U")

    def comparable(self, text: str) -> Comparable:
        match self.kind:
            case "boolean":
                return text == "true"
            case "decimal":
                return int(text.replace(".", ""))
            case "float":
                return float_of_bits(text)
            case "text":
                return text.encode()
            case "binary":
                return bytes.fromhex(text)
            case _:
                return int(text)


@dataclass(frozen=True)
class Version:
    files: list[tuple[Path, int]]
    """Each with the length that it had."""
    rows: Path


@dataclass(frozen=True)
class LakeTable:
    name: str
    folder: Path
    primary_key: list[str]
    partition_key: list[str]
    columns: list[Column]
    rows: Path
    versions: list[Version]

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.rglob("*.parquet"))

    @property
    def stored_columns(self) -> list[Column]:
        return [column for column in self.columns if column.name not in self.partition_key]

    def expected(self) -> pa.Table:
        return read_rows(self.rows, self.columns)


def read_manifest(path: Path) -> list[LakeTable]:
    base = path.parent
    return [
        LakeTable(
            name=table["name"],
            folder=base / table["folder"],
            primary_key=table["primaryKey"],
            partition_key=table["partitionKey"],
            columns=[Column(column["name"], column["type"]) for column in table["columns"]],
            rows=base / table["rows"],
            versions=[
                Version([(base / file["path"], file["length"]) for file in version["files"]], base / version["rows"])
                for version in table["versions"]
            ],
        )
        for table in json.loads(path.read_text())["tables"]
    ]


def read_rows(path: Path, columns: list[Column]) -> pa.Table:
    """The canonical text of rows, by serial; a column that the file has not is null."""
    schema = pa.schema([(column.name, pa.string()) for column in columns])
    options = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    return pyarrow.json.read_json(path, parse_options=options).select(schema.names)


def canonical_rows(rows: pa.Table, columns: list[Column]) -> pa.Table:
    """What an engine read, as canonical text by serial: see `canonical-rows.ts` for the forms."""
    rows = rows.sort_by(SERIAL)
    return pa.table({column.name: canonical(rows[column.name], column) for column in columns})


def canonical(values: pa.ChunkedArray, column: Column) -> pa.Array:
    array = values.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    match column.kind:
        case "decimal":
            return pa.array([None if value is None else format(value, "f") for value in array.to_pylist()], pa.string())
        case "integer" if pa.types.is_decimal(array.type):
            return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
        case "float":
            return pa.array([None if v is None else bits_of_float(v, column) for v in array.to_pylist()], pa.string())
        case "binary":
            return pa.array([None if v is None else v.hex().upper() for v in array.to_pylist()], pa.string())
        case "date":
            return array.cast(pa.int32()).cast(pa.string())
        case "time":
            return pc.cast(array, pa.time64("us"), safe=False).cast(pa.int64()).cast(pa.string())
        case "timestamp":
            unit = pa.timestamp("us", array.type.tz)
            return array.cast(unit).cast(pa.int64()).cast(pa.string())
        case _:
            return array.cast(pa.string())


def bits_of_float(value: float, column: Column) -> str:
    if value != value:
        return "NaN"
    packed = struct.pack(">f" if column.type == "FLOAT" else ">d", value)
    return "".join(f"{byte:08b}" for byte in packed)


def float_of_bits(text: str) -> float:
    if text == "NaN":
        return float("nan")
    packed = int(text, 2).to_bytes(len(text) // 8, "big")
    value: float = struct.unpack(">f" if len(packed) == 4 else ">d", packed)[0]
    return value


def comparables(texts: pa.Table, column: Column) -> list[Any]:
    """A column's values by row; None for null."""
    return [None if text is None else column.comparable(text) for text in texts[column.name].to_pylist()]
