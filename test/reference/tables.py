"""What others read in tables that tubelet wrote. Prints JSON, in which a NaN is the text "NaN".

tables.py parquet FILE   the schema, the metadata and the rows, of pyarrow and of DuckDB
tables.py csv FILE       the rows, of Python's own reader and of DuckDB
tables.py npy FILE       type, order, shape and numbers
"""

import base64
import csv
import json
import math
import sys

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def plain(value):
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value


def text(words):
    """Key-value metadata as text, without the schema that Arrow keeps among it."""
    return {key.decode(): value.decode() for key, value in (words or {}).items() if key != b"ARROW:schema"}


def parquet(path):
    file = pq.ParquetFile(path)
    table = file.read()
    kept = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(file.metadata.metadata[b"ARROW:schema"])))
    found = duckdb.execute("from read_parquet(?)", [path])
    names = [name for name, *_ in found.description]
    return {
        "schema": [[field.name, str(field.type), field.nullable] for field in table.schema],
        "schemaIsKept": kept.equals(table.schema, check_metadata=True),
        "metadata": text(file.metadata.metadata),
        "schemaMetadata": text(table.schema.metadata),
        "createdBy": file.metadata.created_by,
        "groups": file.metadata.num_row_groups,
        "compression": sorted(
            {
                file.metadata.row_group(group).column(column).compression
                for group in range(file.metadata.num_row_groups)
                for column in range(file.metadata.num_columns)
            }
        ),
        "rows": table.to_pylist(),
        "duckdb": {
            "schema": [[name, str(kind)] for name, kind, *_ in found.description],
            "rows": [dict(zip(names, row, strict=True)) for row in found.fetchall()],
            "metadata": text(dict(duckdb.execute("select key, value from parquet_kv_metadata(?)", [path]).fetchall())),
        },
    }


def from_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
        file.seek(0)
        header = next(csv.reader(file))
    found = duckdb.execute("from read_csv(?, header = true, all_varchar = true, nullstr = '')", [path])
    names = [name for name, *_ in found.description]
    return {
        "header": header,
        "rows": rows,
        "duckdb": [{name: value or "" for name, value in zip(names, row, strict=True)} for row in found.fetchall()],
    }


def npy(path):
    array = np.load(path)
    return {
        "type": array.dtype.str,
        "contiguous": array.flags["C_CONTIGUOUS"],
        "shape": array.shape,
        "numbers": array.astype(float).ravel().tolist(),
    }


what, path = sys.argv[1:]
print(json.dumps(plain({"parquet": parquet, "csv": from_csv, "npy": npy}[what](path)), allow_nan=False))
