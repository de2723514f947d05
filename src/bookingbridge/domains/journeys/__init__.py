"""Touches: how people come upon a business, seen by its pages, links and codes, or said by themselves."""
