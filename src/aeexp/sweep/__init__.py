"""The jobs of a sweep: trained together, reported in parallel, told in one ledger."""
