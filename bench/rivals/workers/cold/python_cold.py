"""What Python itself takes."""

from measured import report

report([])
