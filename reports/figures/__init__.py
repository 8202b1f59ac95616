"""One idea a file: `xxx_rows(...) -> DataFrame`, then `draw_xxx(rows) -> Panel`."""
