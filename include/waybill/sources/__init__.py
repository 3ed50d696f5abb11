"""Reading a warehouse: windows by cursor, landed as typed Parquet files that are there as a whole or not at all."""

from waybill.sources.extract import ExtractReport, TableReport, extract

__all__ = ["ExtractReport", "TableReport", "extract"]
