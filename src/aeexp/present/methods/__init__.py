"""The Methods section of a paper, from an experiment, and the BibTeX of its citations."""

from aeexp.present.methods.citations import keys, references, source
from aeexp.present.methods.paragraphs import Methods, methods

__all__ = ["Methods", "keys", "methods", "references", "source"]
