//! Findings for people and for other programs. Pure: rows in, text out.
