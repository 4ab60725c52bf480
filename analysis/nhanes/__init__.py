"""What the CDC publishes: cycles and tables, download, transport files, codebooks.

Knows nothing of any study, of survey inference or of reports.
"""
