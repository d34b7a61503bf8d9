"""Files of codes, and usage reports that were ordered: fetched, read, and what comes of them."""
