"""EVIDENCE FORMS. Plain WTForms built from an evidence kind."""
