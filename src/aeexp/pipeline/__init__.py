"""One run, in order: data, model, training, analysis, presentation."""
