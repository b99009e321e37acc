"""The jobs of a sweep: trained together, reported in parallel, recorded in one ledger."""
