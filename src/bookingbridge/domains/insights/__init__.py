"""The figures that pages, reports and the API show, each with its source and age."""
