"""Tools that upload, and the files that make them upload here (`catalogue`)."""
