"""Runs that were trained elsewhere as a study of the lab, and a study as files of other tools."""
