"""Sentences about a run and a sweep: answers, recommendations, conclusions."""
