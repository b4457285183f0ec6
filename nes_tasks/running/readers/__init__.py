"""Reading the data files of a migration's folder: CSV, JSON, JSON Lines, GeoJSON and workbooks.

Data files come from people and from spreadsheet programs, so every way in which one can be
wrong ends in one line that names the file, the place in it and what to change. Reads only.

pandas and openpyxl are loaded when a caller asks for what needs them: they cost more than
most migrations take.
"""

from .content import UTF_8
from .csv_file import iter_csv, read_csv, read_csv_frame
from .errors import InputFileError, MissingColumnError, MissingInputFileError, UnmatchedError
from .frames import frame_of
from .json_file import iter_jsonl, read_geojson, read_json, read_jsonl
from .layout import Layout
from .lookups import CSV_NAME, TOML_NAME, Lookup, read_lookup
from .paths import Inputs, input_path, similar_file
from .rows import Row, Source, doubts, likely_delimiter, unread_columns
from .sheet import MAX_ROWS, SheetOptions
from .workbook import iter_excel, read_excel, sheet_names

__all__ = [
    "CSV_NAME",
    "MAX_ROWS",
    "TOML_NAME",
    "UTF_8",
    "InputFileError",
    "Inputs",
    "Layout",
    "Lookup",
    "MissingColumnError",
    "MissingInputFileError",
    "Row",
    "SheetOptions",
    "Source",
    "UnmatchedError",
    "doubts",
    "frame_of",
    "input_path",
    "iter_csv",
    "iter_excel",
    "iter_jsonl",
    "likely_delimiter",
    "read_csv",
    "read_csv_frame",
    "read_excel",
    "read_geojson",
    "read_json",
    "read_jsonl",
    "read_lookup",
    "sheet_names",
    "similar_file",
    "unread_columns",
]
