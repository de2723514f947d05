"""Where figures come from: connecting, watching and mending the sources."""
