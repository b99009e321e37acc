"""What a reader sees: sentences, tables, figures, pages, the terminal."""
