"""Logs of other programs on disk, read by their content: files, folders, several runs in one.

`read_logs` returns rows as they were written; lab.stability.log gives their columns a meaning.
"""

from lab.stability.logs.parts import LogFile as LogFile
from lab.stability.logs.parts import LogRun as LogRun
from lab.stability.logs.reading import read_logs as read_logs
