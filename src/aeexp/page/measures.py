"""What the metrics of the evidence mean, in words."""

import re

MEANINGS = {
    r"reconstruction\.val\.r2": "R² of held-out rows",
    r"reconstruction\.train\.r2": "R² of training rows",
    r"neighbourhoods\.trustworthiness": "neighbours that are real (trustworthiness)",
    r"neighbourhoods\.continuity": "neighbours that are kept (continuity)",
    r"clustering\.(.+)\.silhouette": r"how far apart: \1 (silhouette)",
    "knn accuracy": "accuracy by nearest rows",
    "linear accuracy": "accuracy by a linear model",
    "knn r2": "R² by nearest rows",
    "linear r2": "R² by a linear model",
    r"(.+)\.ari": r"agreement with \1 (ARI)",
    r"(.+)\.accuracy": r"accuracy by clusters of \1",
}


def meaning(name: str) -> str:
    """Return what a metric means; its name where nothing is known of it."""
    for pattern, words in MEANINGS.items():
        if found := re.fullmatch(pattern, name):
            return found.expand(words)
    return name
