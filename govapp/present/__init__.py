"""WORDS AND PICTURES. Money, dates, statuses, sentences, chart geometry."""
