"""Moving a whole state to another place, whatever keeps it on either side."""
